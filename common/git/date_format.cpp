#include "git/date_format.hpp"

#include <array>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <iomanip>
#include <locale>
#include <sstream>

#include "base/error.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

std::string zone(int offset) {
  return fmt::format("{}{:02}{:02}", offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60);
}

std::tm broken_down(std::int64_t time, int offset) {
  const std::time_t shifted = static_cast<std::time_t>(time + std::int64_t{offset} * 60);
  std::tm result{};
  gmtime_r(&shifted, &result);
  return result;
}

// %z and %Z are replaced before strftime, which knows nothing of the commit's zone; git leaves %Z empty.
std::string custom(const std::tm& tm, std::int64_t time, int offset, std::string_view pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      text += pattern[i];
      continue;
    }
    const char letter = pattern[++i];
    if (letter == 'z') {
      text += zone(offset);
    } else if (letter == 's') {
      text += fmt::format("{}", time);
    } else if (letter != 'Z') {
      text += '%';
      text += letter;
    }
  }
  std::ostringstream output;
  output.imbue(std::locale::classic());
  output << std::put_time(&tm, text.c_str());
  return output.str();
}

std::string ago(std::int64_t count, std::string_view unit) {
  return fmt::format("{} {}{} ago", count, unit, count == 1 ? "" : "s");
}

// git's own steps and rounding (date.c, show_date_relative).
std::string relative(std::int64_t time, std::int64_t now) {
  if (now < time) return "in the future";
  std::int64_t difference = now - time;
  if (difference < 90) return ago(difference, "second");
  difference = (difference + 30) / 60;
  if (difference < 90) return ago(difference, "minute");
  difference = (difference + 30) / 60;
  if (difference < 36) return ago(difference, "hour");
  difference = (difference + 12) / 24;
  if (difference < 14) return ago(difference, "day");
  if (difference < 70) return ago((difference + 3) / 7, "week");
  if (difference < 365) return ago((difference + 15) / 30, "month");
  constexpr std::int64_t five_years = 1825;
  if (difference >= five_years) return ago((difference + 183) / 365, "year");
  constexpr std::int64_t year = 365;
  const std::int64_t months = (difference * 12 * 2 + year) / (year * 2);
  if (months % 12 == 0) return ago(months / 12, "year");
  return fmt::format("{} year{}, {}", months / 12, months / 12 == 1 ? "" : "s", ago(months % 12, "month"));
}

constexpr std::array<const char*, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                             "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Only as much as one needs to know by now (date.c, show_date_normal): a container's own zone is UTC.
std::string human(std::int64_t time, int offset, std::int64_t now, const std::tm& tm) {
  const std::tm today = broken_down(now, 0);
  const bool this_year = tm.tm_year == today.tm_year;
  const bool this_month = this_year && tm.tm_mon == today.tm_mon;
  if (this_month && tm.tm_mday == today.tm_mday) return relative(time, now);
  const std::string clock = fmt::format("{:02}:{:02}", tm.tm_hour, tm.tm_min);
  const std::string day = days.at(static_cast<std::size_t>(tm.tm_wday));
  if (this_month && tm.tm_mday < today.tm_mday && tm.tm_mday + 5 > today.tm_mday) {
    return fmt::format("{} {}{}", day, clock, offset == 0 ? "" : " " + zone(offset));
  }
  const std::string date = fmt::format("{} {}", months.at(static_cast<std::size_t>(tm.tm_mon)), tm.tm_mday);
  return this_year ? fmt::format("{} {} {}", day, date, clock) : fmt::format("{} {}", date, tm.tm_year + 1900);
}

}  // namespace

std::string format_date(std::int64_t time, int offset, std::string_view format, const std::string& field,
                        base::WallTime wall_time) {
  const std::int64_t now = wall_time.time_since_epoch().count();
  const std::string_view written = format;
  constexpr std::string_view format_prefix = "format:";
  constexpr std::string_view local_prefix = "format-local:";
  if (format.starts_with(local_prefix))
    return custom(broken_down(time, 0), time, 0, format.substr(local_prefix.size()));
  if (format.starts_with(format_prefix)) {
    return custom(broken_down(time, offset), time, offset, format.substr(format_prefix.size()));
  }
  // For a terminal something else; this is not one.
  if (format.starts_with("auto:")) format = "default";
  bool local = format == "local";
  constexpr std::string_view local_suffix = "-local";
  if (format.ends_with(local_suffix)) {
    local = true;
    format.remove_suffix(local_suffix.size());
  }
  if (local) offset = 0;
  const std::tm tm = broken_down(time, offset);
  const auto day = static_cast<std::size_t>(tm.tm_wday);
  const auto month = static_cast<std::size_t>(tm.tm_mon);
  const std::string date = fmt::format("{:04}-{:02}-{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
  const std::string clock = fmt::format("{:02}:{:02}:{:02}", tm.tm_hour, tm.tm_min, tm.tm_sec);
  if (format == "iso8601" || format == "iso") return fmt::format("{} {} {}", date, clock, zone(offset));
  if (format == "iso8601-strict" || format == "iso-strict") {
    const std::string z = zone(offset);
    return fmt::format("{}T{}{}", date, clock, offset == 0 ? "+00:00" : z.substr(0, 3) + ":" + z.substr(3));
  }
  if (format == "rfc2822" || format == "rfc") {
    return fmt::format("{}, {} {} {} {} {}", days.at(day), tm.tm_mday, months.at(month), tm.tm_year + 1900, clock,
                       zone(offset));
  }
  if (format == "short") return date;
  if (format == "unix") return fmt::format("{}", time);
  if (format == "relative") return relative(time, now);
  if (format == "human") return human(time, offset, now, tm);
  if (format == "raw") return fmt::format("{} {}", time, zone(offset));
  if (format == "default" || format == "local") {
    return fmt::format("{} {} {} {} {}{}", days.at(day), months.at(month), tm.tm_mday, clock, tm.tm_year + 1900,
                       local ? "" : " " + zone(offset));
  }
  throw Error(ErrorKind::usage,
              {"read", field, fmt::format("\"{}\" is not a date format that is supported", written),
               "give iso8601, iso8601-strict, rfc2822, short, relative, human, unix, raw, default or format:..., "
               "as for git log --date"});
}

}  // namespace git
