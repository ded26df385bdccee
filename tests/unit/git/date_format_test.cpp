#include "git/date_format.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

TEST_CASE("dates are printed as git log --date does") {
  const auto format = [](const char* name) { return git::format_date(1700000000, 90, name, "f", {}); };
  CHECK(format("iso8601") == "2023-11-14 23:43:20 +0130");
  CHECK(format("iso8601-strict") == "2023-11-14T23:43:20+01:30");
  CHECK(format("rfc2822") == "Tue, 14 Nov 2023 23:43:20 +0130");
  CHECK(format("short") == "2023-11-14");
  CHECK(format("unix") == "1700000000");
  CHECK(format("raw") == "1700000000 +0130");
  CHECK(format("default") == "Tue Nov 14 23:43:20 2023 +0130");
  CHECK(format("local") == "Tue Nov 14 22:13:20 2023");
  CHECK(format("iso-local") == "2023-11-14 22:13:20 +0000");
  CHECK(format("format:%Y%m%d.%H%M%S %z %s") == "20231114.234320 +0130 1700000000");
  CHECK(format("format-local:%H:%M") == "22:13");
  CHECK(format("format:").empty());
  CHECK(git::format_date(-1, -300, "iso", "f", {}) == "1969-12-31 18:59:59 -0500");
}

TEST_CASE("relative and human dates are told by the time of the step") {
  const auto format = [](const char* name, std::int64_t age, int offset = 0) {
    return git::format_date(1700000000, offset, name, "f", base::WallTime(std::chrono::seconds(1700000000 + age)));
  };
  constexpr std::int64_t minute = 60;
  constexpr std::int64_t hour = 3600;
  constexpr std::int64_t day = 86400;
  CHECK(format("relative", -1) == "in the future");
  CHECK(format("relative", 0) == "0 seconds ago");
  CHECK(format("relative", 1) == "1 second ago");
  CHECK(format("relative", 89) == "89 seconds ago");
  CHECK(format("relative", 90) == "2 minutes ago");
  CHECK(format("relative", 90 * minute) == "2 hours ago");
  CHECK(format("relative", 36 * hour) == "2 days ago");
  CHECK(format("relative", 14 * day) == "2 weeks ago");
  CHECK(format("relative", 70 * day) == "2 months ago");
  CHECK(format("relative", 365 * day) == "1 year ago");
  CHECK(format("relative", 400 * day) == "1 year, 1 month ago");
  CHECK(format("relative", 800 * day) == "2 years, 2 months ago");
  CHECK(format("relative", 1825 * day) == "5 years ago");
  CHECK(format("relative-local", day) == "24 hours ago");
  CHECK(format("human", 600) == "10 minutes ago");
  CHECK(format("human", 2 * day) == "Tue 22:13");
  CHECK(format("human", 2 * day, 90) == "Tue 23:43 +0130");
  CHECK(format("human", 10 * day) == "Tue Nov 14 22:13");
  CHECK(format("human", -2 * day) == "Tue Nov 14 22:13");
  CHECK(format("human", 365 * day) == "Nov 14 2023");
  CHECK(format("auto:relative", 0) == "Tue Nov 14 22:13:20 2023 +0000");
}

TEST_CASE("what is not a format is refused") {
  for (const char* bad : {"", "relatively", "iso8602", "format", "human:"}) {
    INFO(bad);
    CHECK_THROWS_AS(git::format_date(0, 0, bad, "params.timestamp_format", {}), base::Error);
  }
}

// CVE-2022-41903: a width that pads by two thousand million.
TEST_CASE("a format's width does not pad without end") {
  for (const char* pattern :
       {"format:%2147483647d", "format:%-2147483648Y", "format-local:%0999999999S", "format:%<(2147483647)"}) {
    CHECK(git::format_date(1700000000, 90, pattern, "f", {}).size() < 64);
  }
}
