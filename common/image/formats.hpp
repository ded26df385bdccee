// The forms in which a get gives an image beside its root filesystem: an archive that `docker load` takes, and an OCI
// image layout. The files are those of the registry-image resource.
#pragma once

#include <filesystem>
#include <string>

#include "registry/client.hpp"

namespace image {

// image.tar in `directory`: configuration, layers as they are in the registry, and manifest.json, which names the image
// `name` ("registry.example.com/acme/app:main"). Its bytes follow from the image and the name alone.
void write_archive(registry::Client& client, const registry::Repository& repository, const registry::Image& image,
                   const std::string& name, const std::filesystem::path& directory);

// oci/ in `directory`: the whole of what `reference` names, an index with all its images, tagged `tag`; with a platform
// its image alone. For a single
// image the file single-image-digest says so, as the registry-image resource wants it.
void write_layout(registry::Client& client, const registry::Reference& reference, const std::string& tag,
                  const std::optional<registry::Platform>& platform, const std::filesystem::path& directory);

}  // namespace image
