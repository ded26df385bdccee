// A whole registry in memory, behind the Client's interface: it keeps blobs, manifests and tags of any host, refuses
// what a real one refuses (a manifest whose blobs are missing, bytes of another digest), answers referrers, mounts
// within a host, and remembers what was asked of it. Threads may share it.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "registry/client.hpp"

namespace test {

class InMemoryRegistry final : public registry::Client {
 public:
  std::optional<registry::Descriptor> resolve(const registry::Reference& reference) override;
  std::optional<base::WallTime> pushed_at(const registry::Reference& /*reference*/) override { return pushed; }
  std::optional<registry::RawManifest> find_manifest(const registry::Reference& reference) override;
  std::optional<registry::Image> find_image(const registry::Reference& reference,
                                            const registry::Platform& platform) override;
  std::vector<std::string> tags(const registry::Repository& repository) override;
  std::string blob(const registry::Repository& repository, const registry::Descriptor& descriptor,
                   std::uint64_t limit) override;
  void stream_blob(const registry::Repository& repository, const registry::Descriptor& descriptor,
                   const ByteSink& sink) override;
  bool has_blob(const registry::Repository& repository, const registry::Digest& digest) override;
  bool mount_blob(const registry::Repository& repository, const registry::Digest& digest,
                  const registry::Repository& from) override;
  Upload put_blob(const registry::Repository& repository, const registry::Descriptor& descriptor,
                  std::shared_ptr<http::Body> body) override;
  void put_new_blob(const registry::Repository& repository, const registry::Descriptor& descriptor,
                    std::shared_ptr<http::Body> body) override;
  void require_write_access(const registry::Repository& repository) override;
  void put_manifest(const registry::Reference& reference, const registry::RawManifest& manifest) override;
  void delete_manifest(const registry::Repository& repository, const registry::Digest& digest) override;
  std::vector<registry::Descriptor> referrers(const registry::Repository& repository, const registry::Digest& subject,
                                              std::string_view artifact_type) override;

  // Shortcuts for what a test finds there at its start.
  registry::Descriptor add_blob(const registry::Repository& repository, const std::string& bytes,
                                std::string_view media_type);
  // An image of these layers (already compressed, or not: `layer_type` says) with this configuration.
  registry::RawManifest add_image(const registry::Reference& reference, const json::Value& config,
                                  const std::vector<std::string>& layers,
                                  std::string_view layer_type = registry::media_type::oci_layer);
  // Alters the stored bytes under an unchanged digest, as a broken disk does.
  void corrupt_blob(const registry::Repository& repository, const registry::Digest& digest);
  // As a clean-up does that takes what manifests still name.
  void lose_blob(const registry::Repository& repository, const registry::Digest& digest);

  // When everything was pushed, as far as it tells.
  std::optional<base::WallTime> pushed;
  // Called before each operation with its line in `operations`; throwing makes the operation fail.
  std::function<void(const std::string&)> before_each;
  // "put_blob registry.example.com/app sha256:...", in their order.
  [[nodiscard]] std::vector<std::string> operations();

 private:
  struct Contents {
    std::map<std::string, std::string> blobs;
    std::map<std::string, registry::RawManifest> manifests;
    std::map<std::string, std::string> tags;
  };

  static void keep(Contents& contents, const registry::Descriptor& descriptor, http::Body& body);
  Contents& enter(std::string_view operation, const registry::Repository& repository, std::string_view what);
  [[nodiscard]] const registry::RawManifest* lookup(Contents& contents, const registry::Reference& reference) const;
  void store(Contents& contents, const registry::Reference& reference, const registry::RawManifest& manifest) const;

  std::recursive_mutex mutex_;
  std::map<std::string, Contents> repositories_;
  std::vector<std::string> operations_;
};

}  // namespace test
