// The check step: which versions there are. It composes, the kinds compute.
#pragma once

#include <span>

#include "concourse/program.hpp"

namespace check {

[[nodiscard]] concourse::Program program(std::span<const concourse::Kind> kinds);

}  // namespace check
