#include "registry/pull.hpp"

#include <charconv>
#include <fmt/format.h>

#include "base/error.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int deepest_index = 3;
constexpr std::uint64_t largest_manifest = 4ULL << 20U;  // the bound that registries set (distribution-spec)
constexpr std::uint64_t largest_config = 16ULL << 20U;

std::string accepted_types() {
  return fmt::format("{}, {}, {}, {}", media_type::oci_index, media_type::oci_manifest, media_type::docker_index,
                     media_type::docker_manifest);
}

http::Request manifest_request(Session& session, const Reference& reference, http::Method method) {
  http::Request request;
  request.method = method;
  request.url = session.url(fmt::format("{}/manifests/{}", reference.repository.path, reference.manifest_name()));
  request.headers.set("Accept", accepted_types());
  request.body_limit = largest_manifest;
  return request;
}

void require_digest(const Reference& reference, const Digest& said, std::string_view whose) {
  if (!reference.digest || *reference.digest == said) return;
  throw Error(ErrorKind::protocol, {"read", "image " + reference.text(),
                                    fmt::format("{} the digest {}, not the one asked for", whose, said.text()), ""});
}

template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// What a HEAD said, when it said all that is needed.
std::optional<Descriptor> described(const Reference& reference, const http::Response& response) {
  auto digest = Digest::parse(response.headers.get("Docker-Content-Digest").value_or(""));
  const auto size = number<std::uint64_t>(response.headers.get("Content-Length").value_or(""));
  if (!digest || !size) return std::nullopt;
  require_digest(reference, *digest, "the registry names");
  return Descriptor{response.headers.get("Content-Type").value_or(""), *std::move(digest), *size, {}, {}, ""};
}

std::string shown(const Platform& platform) {
  return fmt::format("{}/{}{}{}", platform.os, platform.architecture, platform.variant.empty() ? "" : "/",
                     platform.variant);
}

[[noreturn]] void no_such_platform(const Reference& reference, const std::vector<Descriptor>& entries,
                                   const Platform& wanted) {
  std::string known;
  for (const auto& entry : entries) {
    // Attestations are listed as images of the platform unknown/unknown.
    if (!entry.platform || entry.platform->os == "unknown") continue;
    known += (known.empty() ? "" : ", ") + shown(*entry.platform);
  }
  throw Error(ErrorKind::not_found,
              {"find", "image " + reference.text(), fmt::format("it is not there for the platform {}", shown(wanted)),
               known.empty() ? "" : fmt::format("set source.platform to one of {}", known)});
}

// Thrown through the HTTP client when a request would be repeated from its beginning though some bytes have come
// already. No base::Error: no decorator may take it for a failure to be retried.
struct Interrupted {};

// Takes the bytes of a blob over as many requests as it needs; each continues where the one before ended.
class BlobSink final : public http::Sink {
 public:
  BlobSink(std::string name, const Descriptor& descriptor, const Client::ByteSink& sink)
      : name_(std::move(name)), descriptor_(descriptor), sink_(sink) {}

  void restart() override {
    if (received_ > 0) throw Interrupted{};
  }

  // A request for what is missing is about to be sent.
  void ask() { asked_from_ = received_; }

  void begin(const http::Response& head) override {
    // The same request again, though bytes have come since it was made: it is better made anew.
    if (received_ > asked_from_) throw Interrupted{};
    if (head.status == 206) {
      require_range(head.headers.get("Content-Range").value_or(""));
      skip_ = 0;
      return;
    }
    skip_ = received_;  // a server that knows no Range sends all again
  }

  void write(std::string_view bytes) override {
    const auto skipped = std::min<std::uint64_t>(skip_, bytes.size());
    skip_ -= skipped;
    bytes.remove_prefix(static_cast<std::size_t>(skipped));
    if (bytes.size() > descriptor_.size - received_) fail(fmt::format("it has more than {} bytes", descriptor_.size));
    hash_.update(bytes);
    received_ += bytes.size();
    sink_(bytes);
  }

  [[nodiscard]] std::uint64_t received() const { return received_; }

  void require_digest() {
    const Digest found = hash_.finish();
    if (found != descriptor_.digest) fail(fmt::format("its bytes have the digest {}", found.text()));
  }

 private:
  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", name_, std::move(cause), "the registry's storage or a proxy altered it"});
  }

  // "bytes 100-199/200"
  void require_range(std::string_view range) const {
    const auto dash = range.find('-');
    const auto slash = range.find('/');
    const bool complete =
        range.starts_with("bytes ") && dash != std::string_view::npos && slash != std::string_view::npos;
    const auto start = complete ? number<std::uint64_t>(range.substr(6, dash - 6)) : std::nullopt;
    const auto total = complete ? range.substr(slash + 1) : "";
    if (!start || *start != received_ || (total != "*" && number<std::uint64_t>(total) != descriptor_.size)) {
      throw Error(ErrorKind::protocol, {"read", name_,
                                        fmt::format("asked for the bytes from {}, the registry sent \"{}\"", received_,
                                                    base::printable(range, 64)),
                                        ""});
    }
  }

  std::string name_;
  const Descriptor& descriptor_;
  const Client::ByteSink& sink_;
  base::Sha256 hash_;
  std::uint64_t received_ = 0;
  std::uint64_t asked_from_ = 0;
  std::uint64_t skip_ = 0;
};

// One request for what is missing. Whether it is worth another: bytes came, and then the connection broke.
void read_rest(Session& session, const Repository& repository, const Descriptor& descriptor,
               const std::shared_ptr<BlobSink>& sink) {
  const std::string name = blob_name(repository, descriptor.digest);
  http::Request request;
  request.url = session.url(fmt::format("{}/blobs/{}", repository.path, descriptor.digest.text()));
  request.sink = sink;
  request.label = fmt::format("blob {}", descriptor.digest.short_hex());
  const std::uint64_t before = sink->received();
  sink->ask();
  if (before > 0) request.headers.set("Range", fmt::format("bytes={}-", before));
  try {
    const http::Response response = session.send(request, {pull_scope(repository)});
    if (!response.ok()) throw session.refusal("read", name, response);
  } catch (const Interrupted&) {
    return;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::transient || sink->received() == before) throw;
  }
}

}  // namespace

std::string blob_name(const Repository& repository, const Digest& digest) {
  return fmt::format("blob {}@{}", repository.text(), digest.text());
}

std::optional<RawManifest> find_manifest(Session& session, const Reference& reference) {
  const auto request = manifest_request(session, reference, http::Method::get);
  http::Response response = session.send(request, {pull_scope(reference.repository)});
  if (response.status == 404) return std::nullopt;
  const std::string name = "image " + reference.text();
  if (!response.ok()) throw session.refusal("read", name, response);
  // A media type may carry parameters ("; charset=utf-8").
  std::string type = response.headers.get("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  const Digest digest = base::Sha256::of(response.body);
  require_digest(reference, digest, "its bytes have");
  const auto said = Digest::parse(response.headers.get("Docker-Content-Digest").value_or(""));
  if (said && *said != digest) {
    throw Error(ErrorKind::protocol, {"read", name, "its bytes do not have the digest that the registry says",
                                      "a proxy may have altered it"});
  }
  return parse_raw(std::move(type), std::move(response.body), name);
}

std::optional<Descriptor> resolve(Session& session, const Reference& reference) {
  const auto request = manifest_request(session, reference, http::Method::head);
  const http::Response response = session.send(request, {pull_scope(reference.repository)});
  if (response.status == 404) return std::nullopt;
  // Asking once more by GET would only add to what is too much already.
  if (response.status == 429 || response.status >= 500) {
    throw session.refusal("read", "image " + reference.text(), response);
  }
  if (response.ok()) {
    if (auto descriptor = described(reference, response)) return descriptor;
  }
  const auto manifest = find_manifest(session, reference);
  if (!manifest) return std::nullopt;
  return Descriptor{manifest->media_type, manifest->digest, manifest->bytes.size(), {}, {}, ""};
}

std::optional<Image> find_image(Session& session, const Reference& reference, const Platform& platform) {
  auto raw = find_manifest(session, reference);
  if (!raw) return std::nullopt;
  Reference found = reference;
  for (int depth = 0; raw->is_index(); ++depth) {
    const std::string name = "image " + found.text();
    if (depth == deepest_index) {
      throw Error(ErrorKind::protocol,
                  {"read", name, fmt::format("indexes are nested deeper than {}", deepest_index), ""});
    }
    const auto entries = parse_index(*raw, name);
    const Descriptor* entry = choose(entries, platform);
    // An index of indexes says nothing of platforms: its only entry is the one.
    if (entry == nullptr && entries.size() == 1 && !entries.front().platform) entry = &entries.front();
    if (entry == nullptr) no_such_platform(reference, entries, platform);
    found = reference.with(entry->digest);
    raw = find_manifest(session, found);
    if (!raw) {
      throw Error(ErrorKind::not_found,
                  {"read", "image " + found.text(), "the index names it, but it is not there", ""});
    }
  }
  const std::string name = "image " + found.text();
  Manifest manifest = parse_manifest(*raw, name);
  json::Value config =
      json::parse(blob(session, reference.repository, manifest.config, largest_config), "the configuration of " + name);
  if (!config.is_object()) throw Error(ErrorKind::protocol, {"read", name, "its configuration is not an object", ""});
  return Image{*std::move(raw), std::move(manifest), std::move(config)};
}

bool has_blob(Session& session, const Repository& repository, const Digest& digest) {
  http::Request request;
  request.method = http::Method::head;
  request.url = session.url(fmt::format("{}/blobs/{}", repository.path, digest.text()));
  const http::Response response = session.send(request, {pull_scope(repository)});
  if (response.ok()) return true;
  if (response.status == 404) return false;
  throw session.refusal("look for", blob_name(repository, digest), response);
}

std::string blob(Session& session, const Repository& repository, const Descriptor& descriptor, std::uint64_t limit) {
  if (descriptor.size > limit) {
    throw Error(ErrorKind::protocol, {"read", blob_name(repository, descriptor.digest),
                                      fmt::format("it is larger than {}", base::human_bytes(limit)), ""});
  }
  std::string result;
  stream_blob(session, repository, descriptor, [&](std::string_view bytes) { result += bytes; });
  return result;
}

void stream_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                 const Client::ByteSink& sink) {
  constexpr int most_requests = 20;
  const auto receiver = std::make_shared<BlobSink>(blob_name(repository, descriptor.digest), descriptor, sink);
  for (int count = 0; count < most_requests; ++count) {
    read_rest(session, repository, descriptor, receiver);
    if (receiver->received() == descriptor.size) return receiver->require_digest();
  }
  throw Error(ErrorKind::transient, {"read", blob_name(repository, descriptor.digest),
                                     fmt::format("after {} requests only {} of {} bytes came", most_requests,
                                                 receiver->received(), descriptor.size),
                                     ""});
}

}  // namespace registry
