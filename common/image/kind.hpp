// The image kind: an image in a registry (source.repository), found by check, fetched by in, built and pushed by out.
// Its version is {tag, digest}, the same in all three steps.
#pragma once

#include "concourse/kind.hpp"

namespace image {

[[nodiscard]] concourse::Kind kind();

}  // namespace image
