#include "base/redactor.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace base {
namespace {

constexpr std::string_view mask = "((redacted))";
constexpr std::size_t shortest_secret = 4;
// A shorter line of a certificate or a settings file may be any word.
constexpr std::size_t shortest_line = 16;

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? "" : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

}  // namespace

void Redactor::add(const Secret& secret) {
  const std::string_view whole = secret.reveal();
  if (whole.size() < shortest_secret) return;
  insert(whole);
  if (whole.find('\n') == std::string_view::npos) return;
  for (std::size_t begin = 0; begin < whole.size();) {
    const auto end = std::min(whole.find('\n', begin), whole.size());
    const auto line = trimmed(whole.substr(begin, end - begin));
    if (line.size() >= shortest_line) insert(line);
    begin = end + 1;
  }
}

void Redactor::insert(std::string_view secret) {
  const auto goes_before = [](const std::string& a, std::string_view b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  };
  // A fleet's tokens are thousands.
  const auto place = std::lower_bound(secrets_.begin(), secrets_.end(), secret, goes_before);
  if (place == secrets_.end() || *place != secret) secrets_.emplace(place, secret);
}

std::string Redactor::masked(std::string_view text) const {
  std::string result(text);
  for (const auto& secret : secrets_) replace_all(result, secret, mask);
  return result;
}

std::size_t Redactor::whole_length(std::string_view text) const {
  if (secrets_.empty()) return text.size();
  std::size_t length = text.size() - std::min(text.size(), secrets_.front().size() - 1);
  for (bool moved = true; moved && length > 0;) {
    moved = false;
    for (const auto& secret : secrets_) {
      const auto begin = length - std::min(length, secret.size() - 1);
      const auto found = text.find(secret, begin);
      if (found >= length) continue;  // also npos
      length = found;
      moved = true;
    }
  }
  return length;
}

}  // namespace base
