// Shell patterns as git matches them (gitglossary, "pathspec"; wildmatch.c): "*", "?", "[a-z]", "\" escapes.
#pragma once

#include <string_view>

namespace git {

enum class Slashes {
  ordinary,  // "*" and "?" match '/', too (pathspecs, tag patterns)
  special,   // only "**" matches '/' (":(glob)" pathspecs, ignore and attribute files)
};
enum class LetterCase { exact, ignored };

[[nodiscard]] bool wildmatch(std::string_view pattern, std::string_view text, Slashes slashes = Slashes::ordinary,
                             LetterCase letter_case = LetterCase::exact);

// The beginning of `pattern` that has no special character.
[[nodiscard]] std::string_view literal_prefix(std::string_view pattern);

}  // namespace git
