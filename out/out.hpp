// The out step: a new version from the directories of a build. It composes, the kinds compute.
#pragma once

#include <span>

#include "concourse/program.hpp"

namespace out {

[[nodiscard]] concourse::Program program(std::span<const concourse::Kind> kinds);

}  // namespace out
