#include "registry/push.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/number.hpp"
#include "http/retrying.hpp"
#include "registry/listing.hpp"
#include "registry/pull.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

// How often one blob is begun anew or continued before the push fails.
constexpr int most_continuations = 100;
constexpr int most_beginnings = 3;
constexpr std::chrono::seconds assembling{300};
// From this size on a blob goes by PATCH and is closed by an empty PUT: registries throw away what a broken PUT
// brought, but keep what a broken PATCH did. Smaller ones save the round trip.
constexpr std::uint64_t resumable_size = 1ULL << 20U;

// The bytes of a body from `offset` on, which are sent once: a part of what would be sent again from the beginning, as
// curl does when a connection dies, the registry may have kept.
class RestOfBody final : public http::Body {
 public:
  RestOfBody(std::shared_ptr<http::Body> whole, std::uint64_t offset) : whole_(std::move(whole)), offset_(offset) {
    whole_->rewind(offset_);
  }
  [[nodiscard]] std::uint64_t size() const override { return whole_->size() - offset_; }
  void rewind(std::uint64_t offset) override {
    if (offset == position_) return;
    if (position_ > 0) throw Error(ErrorKind::transient, {"send", "a blob", "the connection broke", ""});
    whole_->rewind(offset_ + offset);
    position_ = offset;
  }
  [[nodiscard]] std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = whole_->read(buffer, capacity);
    position_ += count;
    return count;
  }

 private:
  std::shared_ptr<http::Body> whole_;
  std::uint64_t offset_;
  std::uint64_t position_ = 0;
};

class BlobUpload {
 public:
  BlobUpload(Session& session, const Repository& repository, const Descriptor& descriptor,
             std::shared_ptr<http::Body> body)
      : session_(session),
        repository_(repository),
        descriptor_(descriptor),
        body_(std::move(body)),
        scopes_{push_scope(repository)},
        start_(session.url(fmt::format("{}/blobs/uploads/", repository.path))),
        name_(blob_name(repository, descriptor.digest)) {}

  void run() {
    for (int beginning = 1;; ++beginning) {
      // What went wrong in parts may go right in one.
      in_parts_ = goes_in_parts() && !is_spoilt_by_parts_;
      begin();
      const Outcome outcome = send_and_continue();
      const bool is_smooth = beginning == 1 && continuations_ == 0 && fruitless_ == 0;
      if (outcome == Outcome::done && is_smooth) return;
      // After a break the answer to the last byte may be all that was lost; and a registry that says "created" may have
      // lost the blob all the same, which nobody would see before the image is pulled.
      if (has_blob(session_, repository_, descriptor_.digest)) return;
      if (outcome == Outcome::done) lose();
      if (beginning < most_beginnings && !is_exhausted()) continue;
      if (refusal_) throw *refusal_;
      throw Error(ErrorKind::transient, {"push", name_, failure_,
                                         "run this again; if it goes on, look at the proxies and the network between"});
    }
  }

 private:
  enum class Outcome { done, continue_, begin_anew };

  void lose() {
    failure_ = "the registry said that it has the blob, and does not";
    refusal_.reset();
  }

  // Docker's layers go as Docker sends them, of any size: what serves nothing but its clients knows no other way.
  [[nodiscard]] bool goes_in_parts() const {
    return descriptor_.size >= resumable_size || descriptor_.media_type == media_type::docker_layer_gzip;
  }

  void begin() {
    http::Request request;
    request.method = http::Method::post;
    request.url = start_;
    request.repeatable = true;  // an upload that nobody continues is swept away by the registry
    const http::Response response = session_.send(request, scopes_);
    if (response.status != 202) throw session_.refusal("push", name_, response);
    take_location(start_, response);
    offset_ = 0;
    continuations_ = 0;
  }

  void take_location(const http::Url& from, const http::Response& response) {
    const auto location = response.headers.get("Location");
    if (!location)
      throw Error(ErrorKind::protocol, {"push", name_, "the registry does not say where to upload to", ""});
    location_ = session_.follow(from, *location);
  }

  Outcome send_and_continue() {
    while (continuations_ < most_continuations) {
      const Outcome outcome = send();
      if (outcome != Outcome::continue_) return outcome;
    }
    return Outcome::begin_anew;
  }

  Outcome send() { return in_parts_ && offset_ < descriptor_.size ? send_part() : send_last(); }

  [[nodiscard]] bool is_exhausted() const { return fruitless_ + 1 >= http::RetryPolicy{}.attempts; }

  // Nothing when there was no answer.
  std::optional<http::Response> answer_to(const http::Request& request) {
    try {
      return session_.send(request, scopes_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::transient) throw;
      failure_ = error.report().cause;
      refusal_.reset();
    }
    return std::nullopt;
  }

  // Whatever breaks is continued, once the registry has said from where.
  Outcome go_on() { return is_exhausted() ? Outcome::begin_anew : ask_offset(); }

  [[nodiscard]] http::Request request_for_rest(http::Method method) const {
    http::Request request;
    request.method = method;
    request.url = location_;
    request.headers.set("Content-Type", "application/octet-stream");
    if (offset_ > 0 && offset_ < descriptor_.size) {
      request.headers.set("Content-Range", fmt::format("{}-{}", offset_, descriptor_.size - 1));
    }
    request.body = std::make_shared<RestOfBody>(body_, offset_);
    request.attempt = fruitless_ + 1;
    request.label = fmt::format("uploading layer {}", descriptor_.digest.short_hex());
    return request;
  }

  Outcome send_part() {
    const auto request = request_for_rest(http::Method::patch);
    const auto response = answer_to(request);
    if (!response) return go_on();
    if (response->status != 202 && response->status != 204) return judge(*response);
    if (response->headers.get("Location")) take_location(request.url, *response);
    const auto said = parse_upload_offset(response->headers.get("Range").value_or(""));
    if (!said || *said >= descriptor_.size) {
      offset_ = descriptor_.size;
      return Outcome::continue_;
    }
    // It took less than was sent, and says so.
    failure_ = fmt::format("the registry took {} of {} bytes", *said, descriptor_.size);
    if (is_exhausted()) return Outcome::begin_anew;
    ++fruitless_;
    return go_on_from(*said);
  }

  Outcome send_last() {
    auto request = request_for_rest(http::Method::put);
    request.url.query +=
        (request.url.query.empty() ? "" : "&") + ("digest=" + http::percent_encode(descriptor_.digest.text()));
    // A registry that puts a large blob together answers late.
    if (offset_ == descriptor_.size) request.silence = assembling;
    const auto response = answer_to(request);
    if (!response) return go_on();
    return response->status == 201 || response->status == 204 ? Outcome::done : judge(*response);
  }

  Outcome judge(const http::Response& response) {
    const Error refused = session_.refusal("push", name_, response);
    failure_ = refused.report().cause;
    if (response.status == 416 || response.may_be_repeated) return ask_offset();
    // The upload is gone, or the registry counted a byte twice or lost one: both are mended by beginning anew.
    const bool in_pieces = continuations_ > 0 || in_parts_;
    if (response.status != 404 && (response.status != 400 || !in_pieces)) throw refused;
    is_spoilt_by_parts_ = response.status == 400;
    refusal_ = refused;
    return Outcome::begin_anew;
  }

  // distribution-spec, "Pushing a blob in chunks": GET <location> says how far it came.
  Outcome ask_offset() {
    ++fruitless_;
    http::Request request;
    request.url = location_;
    const http::Response response = session_.send(request, scopes_);
    if (!response.ok()) return Outcome::begin_anew;
    const auto offset = parse_upload_offset(response.headers.get("Range").value_or(""));
    if (!offset || *offset > descriptor_.size) return Outcome::begin_anew;
    if (response.headers.get("Location")) take_location(request.url, response);
    return go_on_from(*offset);
  }

  Outcome go_on_from(std::uint64_t offset) {
    ++continuations_;
    offset_ = offset;
    if (offset_ >= furthest_ + worthwhile(descriptor_.size)) fruitless_ = 0;
    furthest_ = std::max(furthest_, offset_);
    return Outcome::continue_;
  }

  Session& session_;
  const Repository& repository_;
  const Descriptor& descriptor_;
  std::shared_ptr<http::Body> body_;
  std::vector<std::string> scopes_;
  http::Url start_;
  http::Url location_;
  std::uint64_t offset_ = 0;
  int continuations_ = 0;
  std::uint64_t furthest_ = 0;
  int fruitless_ = 0;  // attempts in a row that brought the upload hardly further
  bool in_parts_ = false;
  std::string name_;
  std::string failure_;
  bool is_spoilt_by_parts_ = false;
  std::optional<Error> refusal_;  // the last word of the registry
};

}  // namespace

std::optional<std::uint64_t> parse_upload_offset(std::string_view range) {
  if (range.starts_with("bytes=")) range.remove_prefix(6);
  if (!range.starts_with("0-")) return std::nullopt;
  range.remove_prefix(2);
  const auto last = base::parse_whole<std::uint64_t>(range);
  if (!last) return std::nullopt;
  // docker-registry writes "0-0" for none and for one byte; sending the first byte again is mended, losing it is not.
  return *last == 0 ? 0 : *last + 1;
}

bool mount_blob(Session& session, const Repository& repository, const Digest& digest, const Repository& from) {
  if (repository.host != from.host) return false;
  http::Request request;
  request.method = http::Method::post;
  request.url = session.url(fmt::format("{}/blobs/uploads/", repository.path));
  request.url.query =
      fmt::format("mount={}&from={}", http::percent_encode(digest.text()), http::percent_encode(from.path));
  request.repeatable = true;
  try {
    return session.send(request, {push_scope(repository), pull_scope(from)}).status == 201;
  } catch (const Error& error) {
    // A token server may refuse the source repository; an upload needs no right to it.
    if (error.kind() != ErrorKind::denied) throw;
    return false;
  }
}

Client::Upload put_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                        const std::shared_ptr<http::Body>& body) {
  if (has_blob(session, repository, descriptor.digest)) return Client::Upload::existed;
  put_new_blob(session, repository, descriptor, body);
  return Client::Upload::sent;
}

void put_new_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                  const std::shared_ptr<http::Body>& body) {
  if (body->size() != descriptor.size) {
    throw Error(ErrorKind::internal, {"push", blob_name(repository, descriptor.digest),
                                      fmt::format("its size is {}, not {}", body->size(), descriptor.size), ""});
  }
  BlobUpload(session, repository, descriptor, body).run();
}

// The blob is the empty JSON object of image-spec, which one finds in any repository. Mounting it from the repository
// itself is one request from the second time on. (An upload that is begun and cancelled would need the right to
// delete.)
void require_write_access(Session& session, const Repository& repository) {
  const std::string empty = "{}";
  const std::vector<std::string> scopes{push_scope(repository)};
  const std::string digest = http::percent_encode(base::Sha256::of(empty).text());
  http::Request request;
  request.method = http::Method::post;
  request.url = session.url(fmt::format("{}/blobs/uploads/", repository.path));
  request.url.query = fmt::format("mount={}&from={}", digest, http::percent_encode(repository.path));
  request.repeatable = true;
  http::Response response = session.send(request, scopes);
  // Some registries refuse to mount what or whence they do not know, instead of beginning an upload.
  if (response.status == 400 || response.status == 404 || response.status == 405) {
    request.url.query.clear();
    response = session.send(request, scopes);
  }
  if (response.status == 201) return;
  if (response.status != 202) throw session.refusal("write to", "repository " + repository.text(), response);
  const auto location = response.headers.get("Location");
  if (!location) return;
  http::Request rest;
  rest.method = http::Method::put;
  rest.url = session.follow(request.url, *location);
  rest.url.query += (rest.url.query.empty() ? "" : "&") + ("digest=" + digest);
  rest.headers.set("Content-Type", "application/octet-stream");
  rest.body = http::text_body(empty);
  const http::Response end = session.send(rest, scopes);
  // Only a refusal is of interest: what else may go wrong with a blob that nobody needs, the push will tell.
  if (end.status == 401 || end.status == 403) {
    throw session.refusal("write to", "repository " + repository.text(), end);
  }
}

namespace {

http::Request manifest_request(Session& session, const Reference& reference, const RawManifest& manifest) {
  http::Request request;
  request.method = http::Method::put;
  request.url = session.url(fmt::format("{}/manifests/{}", reference.repository.path, reference.manifest_name()));
  request.headers.set("Content-Type", manifest.media_type);
  request.body = http::text_body(manifest.bytes);
  return request;
}

void require_stored(Session& session, const Reference& reference, const RawManifest& manifest,
                    const http::Response& response) {
  if (!response.ok()) throw session.refusal("push", "image " + reference.text(), response);
  const auto said = Digest::parse(response.headers.get("Docker-Content-Digest").value_or(""));
  if (said && *said != manifest.digest) {
    throw Error(ErrorKind::protocol,
                {"push", "image " + reference.text(), fmt::format("the registry stored it as {}", said->text()),
                 "a proxy may have altered it"});
  }
}

}  // namespace

void put_manifest(Session& session, const Reference& reference, const RawManifest& manifest) {
  const auto request = manifest_request(session, reference, manifest);
  const http::Response response = session.send(request, {push_scope(reference.repository)});
  require_stored(session, reference, manifest, response);
  // A registry that keeps referrers itself says so (distribution-spec, "Pushing Manifests with Subject").
  if (manifest.value.contains("subject") && !response.headers.get("OCI-Subject")) {
    add_to_referrers_tag(session, reference.repository, manifest);
  }
}

// The retrying client makes the pause after a failure and leaves the next attempt to this loop, so that the tag is
// looked at again before it.
Client::TagMove move_tag(Session& session, const Reference& watched, const Digest& seen, const Reference& tag,
                         const RawManifest& manifest) {
  auto request = manifest_request(session, tag, manifest);
  request.turn = http::Request::Turn::had;
  for (int attempt = 1;; ++attempt) {
    const auto standing = resolve(session, watched, http::Request::Turn::ahead);
    if (!standing) return {};
    if (standing->digest != seen) return {watched == tag && standing->digest == manifest.digest, standing->digest};
    request.attempt = attempt;
    try {
      const http::Response response = session.send(request, {push_scope(tag.repository)});
      if (response.may_be_repeated) continue;
      require_stored(session, tag, manifest, response);
      return {true, standing->digest};
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::transient || attempt >= http::RetryPolicy{}.attempts) throw;
    }
  }
}

void delete_manifest(Session& session, const Repository& repository, const Digest& digest) {
  http::Request request;
  request.method = http::Method::delete_;
  request.url = session.url(fmt::format("{}/manifests/{}", repository.path, digest.text()));
  const http::Response response = session.send(request, {delete_scope(repository)});
  if (response.ok() || response.status == 404) return;
  throw session.refusal("delete", fmt::format("image {}@{}", repository.text(), digest.text()), response);
}

}  // namespace registry
