// When a server says it answered, by its own clock (RFC 9110, 6.6.1).
#pragma once

#include <optional>

#include "base/clock.hpp"
#include "http/message.hpp"

namespace http {

[[nodiscard]] std::optional<base::WallTime> date_of(const Response& response);

}  // namespace http
