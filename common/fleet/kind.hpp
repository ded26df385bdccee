// The fleet kind: images that stand on one base (source.fleet), brought to a patched one together by out. Its version
// is {fleet, run_image}: the digest of the fleet's record, and the base of that put.
#pragma once

#include "concourse/kind.hpp"

namespace fleet {

[[nodiscard]] concourse::Kind kind();

}  // namespace fleet
