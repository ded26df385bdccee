// The conversation with a registry (distribution-spec v1.1). Every byte read is verified against its digest before
// it is used; uploads resume where they were cut; blobs that the registry has are not sent.
// Errors: {denied} 401/403, {not_found} where the caller did not ask for an optional, {transient} after the retries.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "http/client.hpp"
#include "registry/host_options.hpp"
#include "registry/manifest.hpp"
#include "registry/reference.hpp"

namespace registry {

class Client {
 public:
  virtual ~Client() = default;

  // The same client for what is only nice to have (records, referrers): each request is sent once and gets a few
  // seconds. It lives as long as this one.
  [[nodiscard]] virtual Client& brief() { return *this; }

  // The descriptor of what a reference names now: HEAD, or GET where the registry answers no digest to HEAD.
  // Nothing when there is no such manifest.
  [[nodiscard]] virtual std::optional<Descriptor> resolve(const Reference& reference) = 0;
  [[nodiscard]] virtual std::optional<RawManifest> find_manifest(const Reference& reference) = 0;
  // The image for a platform, through an index (also a nested one) where there is one. Error{not_found} names the
  // platforms that there are.
  [[nodiscard]] virtual std::optional<Image> find_image(const Reference& reference, const Platform& platform) = 0;

  // When the registry got what the reference names, where it says so (Last-Modified); by the clock of the registry.
  [[nodiscard]] virtual std::optional<base::WallTime> pushed_at(const Reference& /*reference*/) { return std::nullopt; }

  // All tags in the order of the registry, none twice, by as many pages as there are (`Link`).
  [[nodiscard]] virtual std::vector<std::string> tags(const Repository& repository) = 0;

  // A small blob (a configuration, a record) in memory; Error{protocol} beyond `limit` bytes or with a wrong digest.
  [[nodiscard]] virtual std::string blob(const Repository& repository, const Descriptor& descriptor,
                                         std::uint64_t limit = 16ULL << 20U) = 0;
  // A blob as a stream: resumed by Range after a cut, so that `sink` sees every byte exactly once; verified to the
  // last byte, and Error{protocol} when the digest is wrong (the caller must not have published what it made of it).
  using ByteSink = std::function<void(std::string_view)>;
  virtual void stream_blob(const Repository& repository, const Descriptor& descriptor, const ByteSink& sink) = 0;

  [[nodiscard]] virtual bool has_blob(const Repository& repository, const Digest& digest) = 0;
  // Makes a blob of `from` one of `repository` without sending it, where the registry can (201); false otherwise.
  [[nodiscard]] virtual bool mount_blob(const Repository& repository, const Digest& digest, const Repository& from) = 0;
  // Sends a blob unless it is there. The body must be of the descriptor's digest and size.
  enum class Upload { existed, sent };
  virtual Upload put_blob(const Repository& repository, const Descriptor& descriptor,
                          std::shared_ptr<http::Body> body) = 0;
  // Sends a blob that cannot be there yet (a configuration that was made just now): the question is saved.
  virtual void put_new_blob(const Repository& repository, const Descriptor& descriptor,
                            std::shared_ptr<http::Body> body) {
    static_cast<void>(put_blob(repository, descriptor, std::move(body)));
  }
  // Writes a blob of two bytes: what may not be written is known before any work is done. Error{denied}, {not_found}
  // where the repository must be created first.
  virtual void require_write_access(const Repository& repository) = 0;
  // Blobs go first: a registry refuses a manifest whose blobs are missing.
  virtual void put_manifest(const Reference& reference, const RawManifest& manifest) = 0;
  // What became of a tag that was to be moved: `found` is what it named when it was looked at last, nothing where there
  // was no such tag.
  struct TagMove {
    bool is_moved = false;
    std::optional<Digest> found;
  };
  // Makes `tag` name the manifest, if `watched` (the same tag, or the one that it is a copy of) still names `seen`. No
  // registry does that on a condition: it is looked at right before each attempt, and no wait lies between.
  [[nodiscard]] virtual TagMove move_tag(const Reference& watched, const Digest& seen, const Reference& tag,
                                         const RawManifest& manifest);
  // Says that the repository will be written to, and that blobs will be mounted from others of its host: where rights
  // are a token's, one is asked for all of it. Nothing is sent.
  virtual void foresee_writing(const Repository& /*repository*/, const std::vector<Repository>& /*mounted_from*/) {}
  virtual void delete_manifest(const Repository& repository, const Digest& digest) = 0;

  // Artifacts that name `subject` (referrers API, or the tag schema "sha256-<hex>" where that answers 404).
  [[nodiscard]] virtual std::vector<Descriptor> referrers(const Repository& repository, const Digest& subject,
                                                          std::string_view artifact_type) = 0;
};

// One client serves all hosts; options are found by a reference's host, others are asked anonymously by https
// (loopback hosts by http too, as Docker does). HostOptions::limits bounds what runs at a time on one host.
[[nodiscard]] std::unique_ptr<Client> make_client(http::Client& http, std::vector<HostOptions> hosts, base::Log& log);

}  // namespace registry
