// The in step: a version in a directory. It composes, the kinds compute.
#pragma once

#include "concourse/program.hpp"

namespace in {

[[nodiscard]] concourse::Program program();

}  // namespace in
