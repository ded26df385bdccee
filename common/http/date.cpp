#include "http/date.hpp"

#include <curl/curl.h>

namespace http {

std::optional<base::WallTime> date_of(const Response& response) {
  const auto value = response.headers.get("Date");
  if (!value) return std::nullopt;
  const time_t seconds = curl_getdate(value->c_str(), nullptr);
  if (seconds < 0) return std::nullopt;
  return base::WallTime(std::chrono::seconds(seconds));
}

}  // namespace http
