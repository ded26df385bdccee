// The out step: a new version from the directories of a build. It composes, the kinds compute.
#pragma once

#include "concourse/program.hpp"

namespace out {

[[nodiscard]] concourse::Program program();

}  // namespace out
