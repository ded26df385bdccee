#include "kpack/duration.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;

TEST_CASE("durations are hours, minutes and seconds, in this order") {
  CHECK(kpack::parse_duration("90s") == 90s);
  CHECK(kpack::parse_duration("1h2m3s") == 3723s);
  CHECK(kpack::parse_duration("168h") == 168h);
  for (const auto* bad : {"", "1", "m", "1m1h", "1h1h", "-1s", "0s", "1d", "169h", "99999999999h", "1h "}) {
    CHECK_FALSE(kpack::parse_duration(bad));
  }
}
