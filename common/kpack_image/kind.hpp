// The kpack image kind: an Image of kpack in a cluster (source.image), whose Builds make the versions.
#pragma once

#include "concourse/kind.hpp"

namespace kpack_image {

[[nodiscard]] concourse::Kind kind();

}  // namespace kpack_image
