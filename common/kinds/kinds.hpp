// The table of the kinds of resource: a new kind is a folder with a kind.hpp, and one entry here.
#pragma once

#include <span>

#include "concourse/kind.hpp"

namespace kinds {

[[nodiscard]] std::span<const concourse::Kind> all();

}  // namespace kinds
