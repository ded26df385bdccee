// Why kpack built, from the annotations of a Build: the same reasons in the same words as the embedded engine's.
#pragma once

#include <string_view>
#include <vector>

#include "builds/reason.hpp"
#include "kpack/objects.hpp"

namespace kpack {

// From buildChanges (a JSON list of {reason, old, new}), or from the reasons' names alone where that cannot be read. Of
// two configurations only what differs is told, and of variables only the names: their values may be secret. Reasons
// that this program does not know are left out.
[[nodiscard]] std::vector<builds::Change> changes_of(const Build& build);

}  // namespace kpack
