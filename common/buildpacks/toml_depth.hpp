// How deep a TOML text nests, found without building anything: a parser builds a tree for `a.a.a.a = 1` as for nested
// tables, and every walk over a tree, the one that frees it first, goes as deep as the tree is.
#pragma once

#include <cstddef>
#include <string_view>

namespace buildpacks {

// The reference's documents nest five deep. What a buildpack says of a layer goes into a label, as JSON some levels
// deeper, and must be found in there again: json::deepest_nesting is larger than this.
inline constexpr std::size_t deepest_toml = 48;

// Whether dotted keys, table headers, inline tables and lists together nest deeper than deepest_toml anywhere
// (TOML 1.0, "Keys", "Table", "Inline Table"). Of a text that is not TOML the part before the fault counts, which is
// all that a parser builds.
[[nodiscard]] bool nests_too_deep(std::string_view toml);

// The line, from 1, of the first character beyond ASCII that stands neither in quotes nor in a comment: TOML 1.0 knows
// none there, and the parser's own tables of characters are undefined for some. 0 where there is none.
[[nodiscard]] std::size_t line_of_bare_character(std::string_view toml);

}  // namespace buildpacks
