// How counts and times are worded for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace base {

// "1 layer", "2 layers".
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view one) {
  return fmt::format("{} {}{}", count, one, count == 1 ? "" : "s");
}

// human_duration() of seconds, as records have them.
[[nodiscard]] inline std::string human_seconds(double seconds) {
  return human_duration(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000)));
}

}  // namespace base
