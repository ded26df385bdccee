#include "source/message_filter.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace source {
namespace {

// glibc's compiler of expressions nests as deep as the expression: a bound keeps hostile ones off the stack.
constexpr std::size_t longest_pattern = 4096;

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto newline = text.find('\n');
    lines.emplace_back(text.substr(0, newline));
    if (newline == std::string_view::npos) break;
    text.remove_prefix(newline + 1);
  }
  return lines;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f' || c == '\r'; }

bool has_words(std::string_view text, std::string_view first, std::string_view second) {
  for (auto at = text.find(first); at != std::string_view::npos; at = text.find(first, at + 1)) {
    const auto rest = text.substr(at + first.size());
    if (!rest.empty() && is_blank(rest.front()) && rest.substr(1).starts_with(second)) return true;
  }
  return false;
}

}  // namespace

Pattern::Pattern(const std::string& text, Syntax syntax, const std::string& field)
    : compiled_(new regex_t{}, [](regex_t* pattern) {
        regfree(pattern);
        delete pattern;  // NOLINT(cppcoreguidelines-owning-memory): the deleter of the shared_ptr
      }) {
  if (text.size() > longest_pattern) json::wrong_value(field, "the expression is longer than 4096 bytes");
  if (text.find('\0') != std::string::npos) json::wrong_value(field, "the expression has a NUL");
  const int code = regcomp(compiled_.get(), text.c_str(), syntax == Syntax::extended ? REG_EXTENDED : 0);
  if (code == 0) return;
  std::array<char, 256> cause{};
  regerror(code, compiled_.get(), cause.data(), cause.size());
  json::wrong_value(field,
                    fmt::format("\"{}\" is not a regular expression ({})", base::printable(text, 128), cause.data()),
                    "escape characters that stand for themselves");
}

bool Pattern::found_in(const std::string& text) const {
  return regexec(compiled_.get(), text.c_str(), 0, nullptr, 0) == 0;
}

bool Pattern::matches_whole(const std::string& text) const {
  regmatch_t match{};
  // POSIX takes the longest of the leftmost matches, so one that begins later or ends earlier is not whole.
  return regexec(compiled_.get(), text.c_str(), 1, &match, 0) == 0 && match.rm_so == 0 &&
         static_cast<std::size_t>(match.rm_eo) == text.size();
}

PatternList PatternList::parse(const std::vector<std::string>& texts, Quantifier quantifier, const std::string& field) {
  PatternList result{{}, quantifier};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    for (const auto& line : lines_of(texts[i])) result.patterns.emplace_back(line, Syntax::basic, path);
    if (texts[i].empty()) result.patterns.emplace_back("", Syntax::basic, path);
  }
  return result;
}

bool PatternList::matches(std::string_view message) const {
  const auto lines = lines_of(message);
  const auto found = [&](const Pattern& pattern) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return pattern.found_in(line); });
  };
  return quantifier == Quantifier::any ? std::any_of(patterns.begin(), patterns.end(), found)
                                       : std::all_of(patterns.begin(), patterns.end(), found);
}

bool MessageFilter::accepts(std::string_view message) const {
  if (ci_skip == CiSkip::honoured && asks_to_skip_ci(message)) return false;
  if (!include.patterns.empty() && !include.matches(message)) return false;
  return exclude.patterns.empty() || !exclude.matches(message);
}

bool asks_to_skip_ci(std::string_view message) {
  return has_words(message, "[ci", "skip]") || has_words(message, "[skip", "ci]");
}

}  // namespace source
