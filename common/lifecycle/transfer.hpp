// Bringing to a repository what an image there is made of, beside the layers that are made here: blobs of other
// repositories, configurations. Functions of the client alone: any number may run side by side.
#pragma once

#include <cstdint>
#include <string>

#include "lifecycle/app_image.hpp"
#include "registry/client.hpp"

namespace lifecycle {

enum class Provided { there, mounted, sent };
// A blob of `from`: mounted where both lie on one registry, and only where that cannot be, asked for and sent.
Provided provide_blob(registry::Client& client, const registry::Repository& repository,
                      const registry::Repository& from, const registry::Descriptor& blob);

// What no registry takes and no runtime starts is refused before anything of it is sent: Error{usage} with the count of
// layers, or the size of the manifest.
void require_layer_count(std::size_t layers, const registry::Repository& repository);

// An image's configuration and manifest, made and not sent: equal inputs give equal bytes. Error{usage} for what
// require_layer_count() refuses, and for a manifest that is larger than registries take.
struct MadeManifest {
  registry::RawManifest manifest;
  registry::Descriptor config;
  std::string config_text;
  std::uint64_t size = 0;  // of the whole image, compressed
};
[[nodiscard]] MadeManifest make_manifest(const registry::Repository& repository, const ComposedImage& image);

struct PushedConfig {
  registry::RawManifest manifest;
  std::uint64_t uploaded = 0;  // bytes
  std::uint64_t size = 0;      // of the whole image, compressed
};

// Whether the repository may have the configuration already.
enum class Novelty { possible, certain };

// Sends an image's configuration; the manifest is made, and its caller's to push.
[[nodiscard]] PushedConfig push_config(registry::Client& client, const registry::Repository& repository,
                                       const ComposedImage& image, Novelty novelty);

}  // namespace lifecycle
