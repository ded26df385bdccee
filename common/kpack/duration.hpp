// How long a put waits, as users write it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace kpack {

// "90s", "45m", "1h30m". Nothing when it is something else, zero, or longer than a week.
[[nodiscard]] std::optional<std::chrono::seconds> parse_duration(std::string_view text);

}  // namespace kpack
