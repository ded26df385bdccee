#include "kpack/log_line.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace kpack {
namespace {

constexpr char escape = '\x1b';
constexpr std::string_view reset = "\x1b[0m";

// The length of the escape sequence at the start of `text` (ECMA-48, 5.4; control strings up to their end).
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2) return 1;
  const char kind = text[1];
  if (kind == '[') {
    std::size_t i = 2;
    while (i < text.size() && text[i] >= 0x20 && text[i] <= 0x3f) ++i;
    return i < text.size() && text[i] >= 0x40 && text[i] <= 0x7e ? i + 1 : i;
  }
  if (kind == ']' || kind == 'P' || kind == 'X' || kind == '^' || kind == '_') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a') return i + 1;
      if (text[i] == escape && i + 1 < text.size() && text[i + 1] == '\\') return i + 2;
    }
    return text.size();
  }
  return 2;
}

bool is_colour(std::string_view sequence) {
  if (sequence.size() < 3 || sequence[1] != '[' || sequence.back() != 'm') return false;
  return sequence.substr(2, sequence.size() - 3).find_first_not_of("0123456789;:") == std::string_view::npos;
}

bool is_plain(std::string_view line) {
  for (const char c : line) {
    if (c < 0x20 && c != '\t') return false;  // bytes from 0x80 on are negative
    if (c == 0x7f) return false;
  }
  return true;
}

}  // namespace

std::string shown_line(std::string_view line) {
  if (is_plain(line)) return std::string(line);
  while (line.ends_with('\r')) line.remove_suffix(1);
  if (const auto drawn = line.rfind('\r'); drawn != std::string_view::npos) line.remove_prefix(drawn + 1);
  std::string result;
  result.reserve(line.size());
  bool is_coloured = false;
  while (!line.empty()) {
    std::size_t length = 0;
    if (line.front() == escape) {
      length = escape_length(line);
      if (is_colour(line.substr(0, length))) {
        result += line.substr(0, length);
        is_coloured = true;
      }
    } else {
      length = base::utf8_length(line);
      const auto sequence = line.substr(0, length == 0 ? 1 : length);
      const bool is_good = length > 0 && (sequence == "\t" || !base::drives_a_terminal(sequence));
      result += is_good ? sequence : "?";
      length = sequence.size();
    }
    line.remove_prefix(length);
  }
  if (is_coloured && !result.ends_with(reset)) result += reset;
  return result;
}

std::string heading_of(std::string_view step) {
  std::string result(step);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

std::string plain_line(std::string_view shown) {
  std::string result;
  while (!shown.empty()) {
    const auto length = shown.front() == escape ? escape_length(shown) : 0;
    if (length == 0) result += shown.front();
    shown.remove_prefix(std::max<std::size_t>(1, length));
  }
  return result;
}

}  // namespace kpack
