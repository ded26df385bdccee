#include "base/rfc3339.hpp"

#include <charconv>
#include <cstring>
#include <ctime>
#include <string_view>

namespace base {

std::optional<WallTime> parse_rfc3339(const std::string& text) {
  struct tm parts {};
  const char* rest = strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return std::nullopt;
  if (*rest == '.') rest += 1 + std::strspn(rest + 1, "0123456789");
  const WallTime time{std::chrono::seconds(timegm(&parts))};
  if (*rest == 'Z' || *rest == 'z') return time;
  const std::string_view offset_text(rest);
  if (offset_text.size() != 6 || (*rest != '+' && *rest != '-') || offset_text[3] != ':') return std::nullopt;
  int hours = 0;
  int minutes = 0;
  if (std::from_chars(rest + 1, rest + 3, hours).ptr != rest + 3) return std::nullopt;
  if (std::from_chars(rest + 4, rest + 6, minutes).ptr != rest + 6) return std::nullopt;
  const auto offset = std::chrono::hours(hours) + std::chrono::minutes(minutes);
  return *rest == '+' ? time - offset : time + offset;
}

}  // namespace base
