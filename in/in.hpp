// The in step: a version in a directory. It composes, the kinds compute.
#pragma once

#include <span>

#include "concourse/program.hpp"

namespace in {

[[nodiscard]] concourse::Program program(std::span<const concourse::Kind> kinds);

}  // namespace in
