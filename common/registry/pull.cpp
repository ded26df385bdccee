#include "registry/pull.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/number.hpp"
#include "http/date.hpp"
#include "registry/image_finder.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr int most_requests = 1000;
constexpr int most_fruitless = 5;
constexpr std::uint64_t largest_manifest = 4ULL << 20U;  // the bound that registries set (distribution-spec)

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

// What a HEAD said, when it said all that is needed.
std::optional<Descriptor> described(const Reference& reference, const http::Response& response) {
  auto digest = Digest::parse(response.headers.get("Docker-Content-Digest").value_or(""));
  const auto size = base::parse_whole<std::uint64_t>(response.headers.get("Content-Length").value_or(""));
  if (!digest || !size) return std::nullopt;
  require_digest(reference, *digest, "the registry names");
  return Descriptor{response.headers.get("Content-Type").value_or(""), *std::move(digest), *size, {}, {}, ""};
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
      // Another part than was asked for is not believed; the whole is asked for instead.
      if (!is_wanted_range(head.headers.get("Content-Range").value_or(""))) {
        takes_ranges_ = false;
        throw Interrupted{};
      }
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
  [[nodiscard]] bool takes_ranges() const { return takes_ranges_; }
  // The server refused a part: the whole is asked for from now on, and what is known of it passed over.
  void give_up_ranges() { takes_ranges_ = false; }

  void require_digest() {
    const Digest found = hash_.finish();
    if (found != descriptor_.digest) fail(fmt::format("its bytes have the digest {}", found.text()));
  }

 private:
  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", name_, std::move(cause), "the registry's storage or a proxy altered it"});
  }

  // "bytes 100-199/200"
  [[nodiscard]] bool is_wanted_range(std::string_view range) const {
    const auto dash = range.find('-');
    const auto slash = range.find('/');
    if (!range.starts_with("bytes ") || dash == std::string_view::npos || slash == std::string_view::npos) return false;
    const auto start = base::parse_whole<std::uint64_t>(range.substr(6, dash - 6));
    const auto total = range.substr(slash + 1);
    return start == received_ && (total == "*" || base::parse_whole<std::uint64_t>(total) == descriptor_.size);
  }

  std::string name_;
  const Descriptor& descriptor_;
  const Client::ByteSink& sink_;
  base::Sha256 hash_;
  std::uint64_t received_ = 0;
  std::uint64_t asked_from_ = 0;
  std::uint64_t skip_ = 0;
  bool takes_ranges_ = true;
};

// One request for what is missing. Returns where another one may bring more: bytes came and then the connection broke,
// or the server gives no parts.
void read_rest(Session& session, const Repository& repository, const Descriptor& descriptor,
               const std::shared_ptr<BlobSink>& sink) {
  const std::string name = blob_name(repository, descriptor.digest);
  http::Request request;
  request.url = session.url(fmt::format("{}/blobs/{}", repository.path, descriptor.digest.text()));
  request.sink = sink;
  request.label = fmt::format("downloading layer {}", descriptor.digest.short_hex());
  const std::uint64_t before = sink->received();
  const bool asks_for_part = before > 0 && sink->takes_ranges();
  sink->ask();
  if (asks_for_part) request.headers.set("Range", fmt::format("bytes={}-", before));
  try {
    const http::Response response = session.send(request, {pull_scope(repository)});
    if (response.ok()) return;
    if (!asks_for_part || (response.status != 400 && response.status != 416)) {
      throw session.refusal("read", name, response);
    }
    sink->give_up_ranges();
  } catch (const Interrupted&) {
    return;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::transient || sink->received() == before) throw;
  }
}

// Takes nothing: the answer's first byte says all there is to know.
class Refusing final : public http::Sink {
 public:
  void restart() override {}
  void write(std::string_view /*bytes*/) override { throw Interrupted{}; }
};

// For registries that answer HEAD with a defect.
bool has_blob_by_get(Session& session, const Repository& repository, const Digest& digest) {
  http::Request request;
  request.url = session.url(fmt::format("{}/blobs/{}", repository.path, digest.text()));
  request.headers.set("Range", "bytes=0-0");
  request.sink = std::make_shared<Refusing>();
  try {
    const http::Response response = session.send(request, {pull_scope(repository)});
    if (response.ok() || response.status == 416) return true;  // 416: it is empty
    if (response.status == 404) return false;
    throw session.refusal("look for", blob_name(repository, digest), response);
  } catch (const Interrupted&) {
    return true;
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

std::optional<Descriptor> resolve(Session& session, const Reference& reference, http::Request::Turn turn) {
  auto request = manifest_request(session, reference, http::Method::head);
  request.turn = turn;
  const http::Response response = session.send(request, {pull_scope(reference.repository)});
  if (response.status == 404) return std::nullopt;
  // Asking once more by GET would only add to what is too much already. Of a defect (500) GET may know nothing.
  if (response.status == 429 || response.status == 502 || response.status == 503 || response.status == 504) {
    throw session.refusal("read", "image " + reference.text(), response);
  }
  if (response.ok()) {
    if (auto descriptor = described(reference, response)) return descriptor;
  }
  const auto manifest = find_manifest(session, reference);
  if (!manifest) return std::nullopt;
  return Descriptor{manifest->media_type, manifest->digest, manifest->bytes.size(), {}, {}, ""};
}

std::optional<base::WallTime> pushed_at(Session& session, const Reference& reference) {
  const auto response =
      session.send(manifest_request(session, reference, http::Method::head), {pull_scope(reference.repository)});
  const auto modified = response.headers.get("Last-Modified");
  if (!response.ok() || !modified) return std::nullopt;
  return http::parse_date(*modified);
}

std::optional<Image> find_image(Session& session, const Reference& reference, const Platform& platform) {
  auto raw = find_manifest(session, reference);
  if (!raw) return std::nullopt;
  return read_image(
      *std::move(raw), "image " + reference.text(), platform,
      {[&](const Digest& digest) { return find_manifest(session, reference.with(digest)); },
       [&](const Descriptor& config) { return blob(session, reference.repository, config, largest_config); }});
}

bool has_blob(Session& session, const Repository& repository, const Digest& digest) {
  http::Request request;
  request.method = http::Method::head;
  request.url = session.url(fmt::format("{}/blobs/{}", repository.path, digest.text()));
  const http::Response response = session.send(request, {pull_scope(repository)});
  if (response.ok()) return true;
  if (response.status == 404) return false;
  if (response.status == 500 || response.status == 405) return has_blob_by_get(session, repository, digest);
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
  const auto receiver = std::make_shared<BlobSink>(blob_name(repository, descriptor.digest), descriptor, sink);
  int fruitless = 0;
  for (int count = 0; count < most_requests && fruitless < most_fruitless; ++count) {
    const std::uint64_t before = receiver->received();
    read_rest(session, repository, descriptor, receiver);
    if (receiver->received() == descriptor.size) return receiver->require_digest();
    fruitless = receiver->received() - before >= worthwhile(descriptor.size) ? 0 : fruitless + 1;
  }
  throw Error(ErrorKind::transient, {"read", blob_name(repository, descriptor.digest),
                                     fmt::format("its transfer broke again and again, and {} of {} bytes came",
                                                 receiver->received(), descriptor.size),
                                     ""});
}

}  // namespace registry
