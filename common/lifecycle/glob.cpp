#include "lifecycle/glob.hpp"

#include <optional>
#include <string>

#include "base/error.hpp"

namespace lifecycle {
namespace {

[[noreturn]] void malformed(std::string_view pattern) {
  throw base::Error(base::ErrorKind::protocol, {"match", std::string(pattern), "the pattern is malformed", ""});
}

// The length of the UTF-8 character that starts here; 1 for bytes that are not UTF-8.
std::size_t character_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0xC2 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 1;
  return length <= text.size() ? length : 1;
}

// UTF-8 sorts by code point, so characters compare as texts of equal meaning.
std::string_view take_character(std::string_view& text) {
  const auto character = text.substr(0, character_length(text));
  text.remove_prefix(character.size());
  return character;
}

struct Chunk {
  bool star;
  std::string_view text;
  std::string_view rest;
};

// The next part of a pattern without a star, and whether a star stands before it.
Chunk scan_chunk(std::string_view pattern) {
  bool star = false;
  while (!pattern.empty() && pattern[0] == '*') {
    pattern.remove_prefix(1);
    star = true;
  }
  bool in_class = false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\')
      ++i;
    else if (pattern[i] == '[')
      in_class = true;
    else if (pattern[i] == ']')
      in_class = false;
    else if (pattern[i] == '*' && !in_class)
      return {star, pattern.substr(0, i), pattern.substr(i)};
  }
  return {star, pattern, ""};
}

std::string_view class_bound(std::string_view& chunk, std::string_view whole) {
  if (chunk.empty() || chunk[0] == '-' || chunk[0] == ']') malformed(whole);
  if (chunk[0] == '\\') chunk.remove_prefix(1);
  if (chunk.empty()) malformed(whole);
  const auto character = take_character(chunk);
  if (chunk.empty()) malformed(whole);
  return character;
}

// Whether `character` is in the class that `chunk` starts with; the class is taken off the chunk.
bool in_class(std::string_view& chunk, std::string_view character) {
  const auto whole = chunk;
  chunk.remove_prefix(1);
  const bool negated = !chunk.empty() && chunk[0] == '^';
  if (negated) chunk.remove_prefix(1);
  bool found = false;
  for (int ranges = 0;; ++ranges) {
    if (!chunk.empty() && chunk[0] == ']' && ranges > 0) break;
    const auto low = class_bound(chunk, whole);
    auto high = low;
    if (chunk[0] == '-') {
      chunk.remove_prefix(1);
      high = class_bound(chunk, whole);
    }
    found = found || (low <= character && character <= high);
  }
  chunk.remove_prefix(1);
  return found != negated;
}

// What is left of `name` after the chunk; nothing when it does not match at its start.
std::optional<std::string_view> match_chunk(std::string_view chunk, std::string_view name) {
  const auto whole = chunk;
  bool failed = false;
  while (!chunk.empty()) {
    failed = failed || name.empty();
    if (chunk[0] == '[') {
      const auto character = failed ? std::string_view() : take_character(name);
      failed = !in_class(chunk, character) || failed;
      continue;
    }
    if (chunk[0] == '?') {
      failed = failed || name[0] == '/';
      if (!failed) take_character(name);
      chunk.remove_prefix(1);
      continue;
    }
    if (chunk[0] == '\\') chunk.remove_prefix(1);
    if (chunk.empty()) malformed(whole);
    if (!failed) {
      failed = chunk[0] != name[0];
      name.remove_prefix(1);
    }
    chunk.remove_prefix(1);
  }
  return failed ? std::nullopt : std::optional(name);
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view name) {
  while (!pattern.empty()) {
    const auto chunk = scan_chunk(pattern);
    pattern = chunk.rest;
    if (chunk.star && chunk.text.empty()) return name.find('/') == std::string_view::npos;
    const auto fits = [&](const auto& left) { return left && (left->empty() || !pattern.empty()); };
    auto left = match_chunk(chunk.text, name);
    for (std::size_t i = 0; !fits(left) && chunk.star && i < name.size() && name[i] != '/'; ++i) {
      left = match_chunk(chunk.text, name.substr(i + 1));
    }
    if (!fits(left)) return false;
    name = *left;
  }
  return name.empty();
}

}  // namespace lifecycle
