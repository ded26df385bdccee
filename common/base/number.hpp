// Whole numbers in text that others wrote: headers, versions, documents.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace base {

// The number that the whole text is, in digits alone but for a `-` of signed types; nothing for an empty text, for more
// than a number and for one that T cannot hold.
template <class T>
[[nodiscard]] std::optional<T> parse_whole(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace base
