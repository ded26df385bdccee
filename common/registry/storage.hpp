// Where images are kept: a repository of a registry, an OCI layout in a directory, the memory of a test. The seam is as
// small as copying needs it, so that copying between any two is one function (registry/copy.hpp).
// Errors: {not_found} for a blob that is not there, else as registry::Client has them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "registry/manifest.hpp"
#include "registry/reference.hpp"

namespace registry {

class Client;

using ByteSink = std::function<void(std::string_view)>;

// What names a manifest within one storage. Without tag and digest: the one that there is (a layout), or "latest".
struct ManifestName {
  std::optional<std::string> tag = std::nullopt;
  std::optional<Digest> digest = std::nullopt;
};

// The bytes of a blob that is stored somewhere, however they are at hand.
class Blob {
 public:
  virtual ~Blob() = default;
  // All of them, once and in order; throws when they are not of the blob's digest and size.
  virtual void stream(const ByteSink& sink) = 0;
  // As what an upload sends, which can begin again: fetched into a temporary file where they are not in one.
  [[nodiscard]] virtual std::shared_ptr<http::Body> body() = 0;
};

class Storage {
 public:
  virtual ~Storage() = default;
  // For messages: "registry.example.com/acme/app", "the OCI layout /tmp/x/oci".
  [[nodiscard]] virtual std::string name() const = 0;

  // Nothing when there is no such manifest.
  [[nodiscard]] virtual std::optional<RawManifest> find_manifest(const ManifestName& name) = 0;
  // Artifacts that name `subject`; of all types when `artifact_type` is empty.
  [[nodiscard]] virtual std::vector<Descriptor> referrers(const Digest& subject, std::string_view artifact_type) = 0;
  [[nodiscard]] virtual std::unique_ptr<Blob> open_blob(const Descriptor& blob) = 0;

  [[nodiscard]] virtual bool has_blob(const Descriptor& blob) = 0;
  virtual void put_blob(const Descriptor& blob, Blob& bytes) = 0;
  // Makes a blob of `from` one of this storage without its bytes passing here; false where that cannot be.
  [[nodiscard]] virtual bool mount_blob(const Descriptor& blob, const Storage& from) = 0;
  // Blobs and the manifests of an index go first. A part of an index is found through it, and listed nowhere else.
  enum class Role { whole, part };
  // Without a tag it is found by its digest alone.
  virtual void put_manifest(const RawManifest& manifest, const std::optional<std::string>& tag, Role role) = 0;
};

// A repository of a registry, which may be the one in the memory of a test. `client` must live as long.
[[nodiscard]] std::unique_ptr<Storage> repository_storage(Client& client, Repository repository);

// The image for a platform, through an index (also a nested one) where there is one. Nothing when there is no such
// manifest; Error{not_found} names the platforms that there are.
[[nodiscard]] std::optional<Image> find_image(Storage& storage, const ManifestName& name, const Platform& platform);

// A blob that is small, in memory; Error{protocol} beyond `limit`.
[[nodiscard]] std::string read_blob(Storage& storage, const Descriptor& blob, std::uint64_t limit = 16ULL << 20U);

}  // namespace registry
