// An image in an archive as `docker save` writes it (manifest.json names configuration and layers), and as podman,
// skopeo, kaniko and BuildKit do. Its layers have no digests there: plain ones are compressed, always to the same
// bytes. The manifest is Docker's schema 2, byte for byte that of the registry-image resource where layers are
// compressed already; OCI's where Docker has no word for what it holds (zstd, annotations).
#pragma once

#include "base/log.hpp"
#include "image/ready_made.hpp"

namespace image {

// Nothing when the package has no manifest.json.
[[nodiscard]] std::optional<ReadyImage> open_docker_archive(Package& package, const ReadyOptions& options,
                                                            base::Log& log);

}  // namespace image
