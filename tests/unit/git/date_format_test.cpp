#include "git/date_format.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

TEST_CASE("dates are printed as git log --date does") {
  const auto format = [](const char* name) { return git::format_date(1700000000, 90, name, "f"); };
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
  CHECK(git::format_date(-1, -300, "iso", "f") == "1969-12-31 18:59:59 -0500");
}

TEST_CASE("dates that change with the time of the step are refused") {
  CHECK_THROWS_AS(git::format_date(0, 0, "relative", "params.timestamp_format"), base::Error);
  CHECK_THROWS_AS(git::format_date(0, 0, "human", "params.timestamp_format"), base::Error);
}
