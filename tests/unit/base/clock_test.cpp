#include "base/clock.hpp"

#include <catch2/catch_test_macros.hpp>

TEST_CASE("a time of RFC 3339 is shown as people write it, and what is none as it is") {
  CHECK(base::readable_time("2026-01-31T12:34:56Z") == "2026-01-31 12:34:56 UTC");
  CHECK(base::readable_time("2026-01-31T12:34:56.789Z") == "2026-01-31 12:34:56 UTC");
  for (const auto* other : {"", "Z", "2026-01-31T12:34:56+01:00", "2026-01-31 12:34:56Z", "2026-01-31T12:34Z"}) {
    CHECK(base::readable_time(other) == other);
  }
}
