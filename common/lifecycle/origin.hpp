// Where a source came from, as far as the .git beside or above it says.
#pragma once

#include <filesystem>

#include "builds/origin.hpp"

namespace lifecycle {

// Looks for a .git in `directory`, and upwards as far as `top` (inclusive): an application may be a part of its
// repository. What cannot be read as git or the get of a source writes it is left empty: it may be anybody's.
[[nodiscard]] builds::Origin find_origin(const std::filesystem::path& directory, const std::filesystem::path& top);

}  // namespace lifecycle
