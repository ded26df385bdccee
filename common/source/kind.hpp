// The source kind: a git repository (source.uri), whose commits or tags are the versions.
#pragma once

#include "concourse/kind.hpp"

namespace source {

[[nodiscard]] concourse::Kind kind();

}  // namespace source
