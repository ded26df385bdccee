#include "git/wildmatch.hpp"

#include <cctype>
#include <optional>
#include <string>

namespace git {
namespace {

// A run of stars tries every length: hostile patterns ("*a*a*a*a") are cut off instead of taking for ever.
constexpr int most_steps = 1'000'000;

struct Matcher {
  Slashes slashes{};
  LetterCase letter_case{};
  int steps = 0;

  enum class Result { match, mismatch, give_up };

  [[nodiscard]] unsigned char fold(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return letter_case == LetterCase::ignored ? static_cast<unsigned char>(std::tolower(byte)) : byte;
  }

  static bool in_class(std::string_view name, unsigned char c) {
    if (name == "alnum") return std::isalnum(c) != 0;
    if (name == "alpha") return std::isalpha(c) != 0;
    if (name == "blank") return c == ' ' || c == '\t';
    if (name == "cntrl") return std::iscntrl(c) != 0;
    if (name == "digit") return std::isdigit(c) != 0;
    if (name == "graph") return std::isgraph(c) != 0;
    if (name == "lower") return std::islower(c) != 0;
    if (name == "print") return std::isprint(c) != 0;
    if (name == "punct") return std::ispunct(c) != 0;
    if (name == "space") return std::isspace(c) != 0;
    if (name == "upper") return std::isupper(c) != 0;
    return name == "xdigit" && std::isxdigit(c) != 0;
  }

  // Matches `c` against the bracket expression at the start of `pattern` (behind '['), which is then removed.
  // Nothing when the expression does not end.
  [[nodiscard]] std::optional<bool> bracket(std::string_view& pattern, char c) const {
    std::size_t i = 0;
    const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
    if (negated) ++i;
    bool matched = false;
    bool first = true;
    while (true) {
      if (i >= pattern.size()) return std::nullopt;
      if (pattern[i] == ']' && !first) break;
      first = false;
      if (pattern[i] == '[' && i + 1 < pattern.size() && pattern[i + 1] == ':') {
        const auto end = pattern.find(":]", i + 2);
        if (end == std::string_view::npos) return std::nullopt;
        matched = matched || in_class(pattern.substr(i + 2, end - i - 2), static_cast<unsigned char>(c)) ||
                  in_class(pattern.substr(i + 2, end - i - 2), fold(c));
        i = end + 2;
        continue;
      }
      if (pattern[i] == '\\' && ++i >= pattern.size()) return std::nullopt;
      const unsigned char low = fold(pattern[i++]);
      unsigned char high = low;
      if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
        ++i;
        if (pattern[i] == '\\' && ++i >= pattern.size()) return std::nullopt;
        high = fold(pattern[i++]);
      }
      matched = matched || (low <= fold(c) && fold(c) <= high);
    }
    pattern.remove_prefix(i + 1);
    return matched != negated;
  }

  Result star(std::string_view pattern, std::string_view text, bool at_component_start) {
    bool crosses = slashes == Slashes::ordinary;
    std::size_t stars = 0;
    while (stars < pattern.size() && pattern[stars] == '*') ++stars;
    const std::string_view rest = pattern.substr(stars);
    if (stars >= 2 && slashes == Slashes::special && at_component_start && (rest.empty() || rest.starts_with('/'))) {
      crosses = true;
      // "**/" also stands for no directory at all.
      if (rest.starts_with('/')) {
        const Result result = match(rest.substr(1), text, true);
        if (result != Result::mismatch) return result;
      }
    }
    for (std::size_t i = 0;; ++i) {
      const Result result = match(rest, text.substr(i), false);
      if (result != Result::mismatch) return result;
      if (i == text.size() || (text[i] == '/' && !crosses)) return Result::mismatch;
    }
  }

  Result match(std::string_view pattern, std::string_view text, bool at_component_start) {
    while (!pattern.empty()) {
      if (++steps > most_steps) return Result::give_up;
      const char p = pattern.front();
      if (p == '*') return star(pattern, text, at_component_start);
      if (text.empty()) return Result::mismatch;
      const char t = text.front();
      pattern.remove_prefix(1);
      text.remove_prefix(1);
      bool same = false;
      if (p == '?') {
        same = slashes == Slashes::ordinary || t != '/';
      } else if (p == '[') {
        const auto matched = bracket(pattern, t);
        same = matched.value_or(false) && (slashes == Slashes::ordinary || t != '/');
      } else if (p == '\\') {
        if (pattern.empty()) return Result::mismatch;
        same = fold(pattern.front()) == fold(t);
        pattern.remove_prefix(1);
      } else {
        same = fold(p) == fold(t);
      }
      if (!same) return Result::mismatch;
      at_component_start = t == '/';
    }
    return text.empty() ? Result::match : Result::mismatch;
  }
};

}  // namespace

bool wildmatch(std::string_view pattern, std::string_view text, Slashes slashes, LetterCase letter_case) {
  Matcher matcher{slashes, letter_case};
  return matcher.match(pattern, text, true) == Matcher::Result::match;
}

std::string_view literal_prefix(std::string_view pattern) { return pattern.substr(0, pattern.find_first_of("*?[\\")); }

}  // namespace git
