// Times in HTTP: when a server says it answered, by its own clock (RFC 9110, 6.6.1), and how far that is from ours.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "http/message.hpp"

namespace http {

// An HTTP date (RFC 9110, 5.6.7); nothing where it is not one.
[[nodiscard]] std::optional<base::WallTime> parse_date(std::string_view value);
[[nodiscard]] std::optional<base::WallTime> date_of(const Response& response);

// How far the worker's clock (`now`) is behind the server's (before it: negative), where that is more than is borne.
[[nodiscard]] std::optional<std::chrono::seconds> clock_behind(const Response& response, base::WallTime now,
                                                               std::chrono::seconds borne);
// "the worker's clock is 12 min 00 s behind that of api.github.com: set it".
[[nodiscard]] std::string clock_remedy(std::chrono::seconds behind, const std::string& host);

}  // namespace http
