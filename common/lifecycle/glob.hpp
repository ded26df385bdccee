// Patterns as Go's filepath.Match knows them, which slices are written in: `*` and `?` stop at a slash, `**` is no more
// than `*`, classes are negated by `^`, a backslash escapes.
#pragma once

#include <string_view>

namespace lifecycle {

// Error{protocol} for a malformed pattern.
[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view name);

}  // namespace lifecycle
