#include "http/date.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

namespace http {

using std::chrono::seconds;

std::optional<base::WallTime> parse_date(std::string_view value) {
  const time_t date = curl_getdate(std::string(value).c_str(), nullptr);
  if (date < 0) return std::nullopt;
  return base::WallTime(seconds(date));
}

std::optional<base::WallTime> date_of(const Response& response) {
  const auto value = response.headers.get("Date");
  return value ? parse_date(*value) : std::nullopt;
}

std::optional<seconds> clock_behind(const Response& response, base::WallTime now, seconds borne) {
  const auto theirs = date_of(response);
  if (!theirs) return std::nullopt;
  const auto behind = std::chrono::duration_cast<seconds>(*theirs - now);
  if (behind <= borne && -behind <= borne) return std::nullopt;
  return behind;
}

std::string clock_remedy(seconds behind, const std::string& host) {
  return fmt::format("the worker's clock is {} {} that of {}: set it",
                     base::human_duration(behind > seconds(0) ? behind : -behind),
                     behind > seconds(0) ? "behind" : "ahead of", host);
}

}  // namespace http
