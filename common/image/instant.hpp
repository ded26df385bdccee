// The time at which an image was created, as its configuration says it (RFC 3339).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

namespace image {

// Times compare as instants: with any offset, with or without a fraction of a second.
struct Instant {
  std::int64_t seconds = 0;  // since 1970, UTC
  std::uint32_t nanoseconds = 0;
  friend auto operator<=>(const Instant&, const Instant&) = default;

  // Nothing when the text is not a time.
  [[nodiscard]] static std::optional<Instant> parse(std::string_view text);
};

}  // namespace image
