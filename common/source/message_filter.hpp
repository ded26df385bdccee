// Which commits count by what their messages say: commit_filter (as `git log --grep` matches: POSIX basic regular
// expressions, line by line) and "[ci skip]".
#pragma once

#include <memory>
#include <regex.h>
#include <string>
#include <string_view>
#include <vector>

namespace source {

enum class Syntax { basic, extended };

// A POSIX regular expression. Error{usage} naming `field` when it is none.
class Pattern {
 public:
  Pattern(const std::string& text, Syntax syntax, const std::string& field);
  // Whether any part of the text matches.
  [[nodiscard]] bool found_in(const std::string& text) const;
  [[nodiscard]] bool matches_whole(const std::string& text) const;

 private:
  std::shared_ptr<regex_t> compiled_;
};

enum class Quantifier { any, all };
enum class CiSkip { honoured, ignored };

// A list of patterns; one with newlines stands for several, as in git.
struct PatternList {
  std::vector<Pattern> patterns;
  Quantifier quantifier = Quantifier::any;

  [[nodiscard]] static PatternList parse(const std::vector<std::string>& texts, Quantifier quantifier,
                                         const std::string& field);
  // Whether any of them, or each of them, is found in some line.
  [[nodiscard]] bool matches(std::string_view message) const;
};

struct MessageFilter {
  PatternList include;
  PatternList exclude;
  CiSkip ci_skip = CiSkip::honoured;

  [[nodiscard]] bool accepts(std::string_view message) const;
  [[nodiscard]] bool everything() const {
    return include.patterns.empty() && exclude.patterns.empty() && ci_skip == CiSkip::ignored;
  }
};

// "[ci skip]" or "[skip ci]" on one line, with one blank or tab between the words.
[[nodiscard]] bool asks_to_skip_ci(std::string_view message);

}  // namespace source
