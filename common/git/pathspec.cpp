#include "git/pathspec.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

[[noreturn]] void refuse(const std::string& field, std::string cause) {
  throw Error(ErrorKind::usage, {"read", field, std::move(cause), ""});
}

char folded(char c, LetterCase letter_case) {
  return letter_case == LetterCase::ignored && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with(std::string_view text, std::string_view prefix, LetterCase letter_case) {
  return text.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), text.begin(), [&](char a, char b) {
           return folded(a, letter_case) == folded(b, letter_case);
         });
}

// Removes "./", "//" and a trailing '/', as git does; "." is the whole tree, an empty pattern.
std::string normalized(std::string_view path, const std::string& field) {
  std::string result;
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto component = path.substr(0, slash);
    if (component == "..") refuse(field, fmt::format("{} leads out of the repository", path));
    if (!component.empty() && component != ".") {
      if (!result.empty()) result += '/';
      result += component;
    }
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return result;
}

}  // namespace

bool Pathspec::Item::matches(std::string_view path) const {
  if (pattern.empty()) return true;
  // A pattern that is a path means it and what is below it, even with special characters in it.
  if (starts_with(path, pattern, letter_case)) {
    if (path.size() == pattern.size()) return !directory_only;
    if (path[pattern.size()] == '/') return true;
  }
  if (directory_only && !literal) return wildmatch(pattern + "/", path, slashes, letter_case);
  return !literal && wildmatch(pattern, path, slashes, letter_case);
}

Pathspec::Below Pathspec::Item::below(std::string_view directory) const {
  if (pattern.empty()) return Below::all;
  const std::string inside = std::string(directory) + "/";
  if (starts_with(inside, pattern + "/", letter_case)) return Below::all;
  const bool open_end = prefix().size() < pattern.size();
  if (open_end && inside.size() >= prefix().size() && starts_with(inside, prefix(), letter_case)) {
    return means_directory() ? Below::all : Below::something;
  }
  return starts_with(prefix(), inside, letter_case) ? Below::something : Below::nothing;
}

std::string_view Pathspec::Item::prefix() const {
  return literal ? std::string_view(pattern) : literal_prefix(pattern);
}

// "dir/*" and "dir/**" mean all that is below dir.
bool Pathspec::Item::means_directory() const {
  const auto rest = std::string_view(pattern).substr(prefix().size());
  return prefix().ends_with('/') && (rest == "**" || (rest == "*" && slashes == Slashes::ordinary));
}

std::optional<unsigned> Pathspec::Item::depth() const {
  const auto levels = [](std::string_view path) {
    return static_cast<unsigned>(std::count(path.begin(), path.end(), '/')) + 1;
  };
  if (literal) return levels(pattern);
  if (means_directory()) return levels(prefix()) - 1;
  if (slashes == Slashes::special && pattern.find("**") == std::string::npos) return levels(pattern);
  return std::nullopt;
}

void Pathspec::add(std::string_view text, const std::string& field, bool exclude) {
  Item item;
  std::string_view path = text;
  if (path.starts_with(":(")) {
    const auto close = path.find(')');
    if (close == std::string_view::npos) refuse(field, fmt::format("\"{}\" has no closing parenthesis", text));
    std::string_view words = path.substr(2, close - 2);
    path.remove_prefix(close + 1);
    while (!words.empty()) {
      const auto comma = words.find(',');
      const auto word = words.substr(0, comma);
      words = comma == std::string_view::npos ? std::string_view() : words.substr(comma + 1);
      if (word == "exclude") {
        exclude = true;
      } else if (word == "literal") {
        item.literal = true;
      } else if (word == "glob") {
        item.slashes = Slashes::special;
      } else if (word == "icase") {
        item.letter_case = LetterCase::ignored;
      } else if (word != "top" && !word.empty()) {
        refuse(field, fmt::format("\"{}\" has the magic word \"{}\", which is not supported", text, word));
      }
    }
  } else if (path.starts_with(':')) {
    path.remove_prefix(1);
    while (!path.empty() && (path.front() == '!' || path.front() == '^' || path.front() == '/')) {
      exclude = exclude || path.front() != '/';
      path.remove_prefix(1);
    }
    if (path.starts_with(':')) path.remove_prefix(1);
  }
  item.pattern = normalized(path, field);
  item.directory_only = path.ends_with('/');
  item.literal = item.literal || literal_prefix(item.pattern).size() == item.pattern.size();
  (exclude ? exclude_ : include_).push_back(std::move(item));
}

Pathspec Pathspec::parse(const std::vector<std::string>& include, const std::vector<std::string>& exclude,
                         const std::string& include_field, const std::string& exclude_field) {
  Pathspec result;
  for (const auto& text : include) result.add(text, include_field, false);
  for (const auto& text : exclude) result.add(text, exclude_field, true);
  // "." alone is the same as nothing.
  const bool all = std::any_of(result.include_.begin(), result.include_.end(),
                               [](const Item& item) { return item.pattern.empty(); });
  if (all) result.include_.clear();
  return result;
}

bool Pathspec::matches(std::string_view path) const {
  const auto match = [&](const Item& item) { return item.matches(path); };
  return (include_.empty() || std::any_of(include_.begin(), include_.end(), match)) &&
         std::none_of(exclude_.begin(), exclude_.end(), match);
}

std::optional<unsigned> Pathspec::depth() const {
  unsigned result = 1;
  for (const auto* items : {&include_, &exclude_}) {
    for (const auto& item : *items) {
      const auto depth = item.depth();
      if (!depth) return std::nullopt;
      result = std::max(result, *depth);
    }
  }
  return result;
}

Pathspec::Below Pathspec::below(std::string_view directory) const {
  Below result = include_.empty() ? Below::all : Below::nothing;
  for (const auto& item : include_) result = std::max(result, item.below(directory));
  for (const auto& item : exclude_) {
    const Below excluded = item.below(directory);
    if (excluded == Below::all) return Below::nothing;
    if (excluded == Below::something && result == Below::all) result = Below::something;
  }
  return result;
}

}  // namespace git
