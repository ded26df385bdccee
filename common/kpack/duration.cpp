#include "kpack/duration.hpp"

#include <charconv>

namespace kpack {

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  using std::chrono::seconds;
  constexpr seconds longest(7 * 24 * 3600);
  seconds total(0);
  std::int64_t last_unit = longest.count();
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits == text.size()) return std::nullopt;
    const char letter = text[digits];
    const std::int64_t unit = letter == 'h' ? 3600 : letter == 'm' ? 60 : letter == 's' ? 1 : 0;
    if (unit == 0 || unit >= last_unit) return std::nullopt;
    last_unit = unit;
    total += seconds(unit * count);
    text.remove_prefix(digits + 1);
  }
  return total > seconds(0) && total <= longest ? std::optional(total) : std::nullopt;
}

}  // namespace kpack
