// What the build's page shows beside a version of this kind: read off the Build that made the image.
#pragma once

#include <optional>

#include "concourse/version.hpp"
#include "kpack/objects.hpp"
#include "kpack_image/version.hpp"

namespace kpack_image {

// Nothing as build: kpack has deleted it, and the image alone is known.
[[nodiscard]] concourse::Metadata metadata_of(const Version& version, const std::optional<kpack::Build>& build);

}  // namespace kpack_image
