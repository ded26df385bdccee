// The check step: which versions there are. It composes, the kinds compute.
#pragma once

#include "concourse/program.hpp"

namespace check {

[[nodiscard]] concourse::Program program();

}  // namespace check
