// An OCI image layout in a directory (image-spec, image-layout.md): `oci-layout`, `index.json` and
// `blobs/sha256/<hex>`. Tags are annotations of index.json (org.opencontainers.image.ref.name).
//
// A layout may come from anybody: no symbolic link is followed below its directory, nothing but a regular file is read,
// and every byte is verified against its digest.
#pragma once

#include <filesystem>
#include <memory>

#include "registry/storage.hpp"

namespace registry {

// An existing layout, to read and to add to. Error{usage} when the directory is not one, {protocol} when it is broken.
[[nodiscard]] std::unique_ptr<Storage> open_oci_layout(const std::filesystem::path& directory);
// A new one, in a directory that is made when it is missing and must be empty.
[[nodiscard]] std::unique_ptr<Storage> create_oci_layout(const std::filesystem::path& directory);

}  // namespace registry
