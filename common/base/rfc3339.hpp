// A time as machines write it to each other (RFC 3339): "2026-01-31T12:00:00Z", with parts of seconds and offsets.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace base {

// Whole seconds; nothing for what is not a time.
[[nodiscard]] std::optional<WallTime> parse_rfc3339(const std::string& text);

}  // namespace base
