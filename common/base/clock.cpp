#include "base/clock.hpp"

#include <array>
#include <fmt/format.h>

#include "base/termination.hpp"

namespace base {
namespace {

class SystemClock final : public Clock {
 public:
  WallTime now() const override { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }
  void sleep(std::chrono::milliseconds duration) override { wait_or_throw(duration); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

std::string rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

std::string readable_time(const std::string& rfc3339) {
  constexpr std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (rfc3339.size() <= shape.size() || !rfc3339.ends_with('Z')) return rfc3339;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool fits = shape[i] == 'd' ? rfc3339[i] >= '0' && rfc3339[i] <= '9' : rfc3339[i] == shape[i];
    if (!fits) return rfc3339;
  }
  return fmt::format("{} {} UTC", rfc3339.substr(0, 10), rfc3339.substr(11, 8));
}

std::string human_duration(std::chrono::milliseconds duration) {
  const auto milliseconds = duration.count();
  if (milliseconds < 1000) return fmt::format("{} ms", milliseconds);
  if (milliseconds < 60'000) return fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1000.0);
  return fmt::format("{} min {:02} s", milliseconds / 60'000, milliseconds / 1000 % 60);
}

std::string human_bytes(std::uint64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  static constexpr std::array<const char*, 5> units{"kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes) / 1000.0;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0 of the smaller unit.
  while (value >= 999.95 && unit + 1 < units.size()) {
    value /= 1000.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

}  // namespace base
