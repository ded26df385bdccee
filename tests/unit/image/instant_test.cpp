#include "image/instant.hpp"

#include <catch2/catch_test_macros.hpp>

using image::Instant;

TEST_CASE("times are instants, whatever their offset and their fraction") {
  CHECK(Instant::parse("1970-01-01T00:00:00Z") == Instant{0, 0});
  CHECK(Instant::parse("2026-01-01T01:00:00+01:00") == Instant::parse("2026-01-01T00:00:00Z"));
  CHECK(Instant::parse("2025-12-31T19:00:00-05:00") == Instant::parse("2026-01-01T00:00:00.000Z"));
  CHECK(Instant::parse("2026-01-01T00:00:00.5Z") == Instant{1'767'225'600, 500'000'000});
  CHECK(Instant::parse("2026-01-01T00:00:00.123456789123Z")->nanoseconds == 123'456'789);
  CHECK(*Instant::parse("2026-01-01T00:00:00Z") < *Instant::parse("2026-01-01T00:00:00.1Z"));
  CHECK(*Instant::parse("2026-01-01T10:00:00+09:00") < *Instant::parse("2026-01-01T02:00:00Z"));
  CHECK(Instant::parse("0001-01-01T00:00:00Z")->seconds < 0);
}

TEST_CASE("what is not a time is nothing") {
  for (const auto* text :
       {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
        "2026-01-01T25:00:00Z", "2026-01-01T00:00:00Zx", "soon", "2026-01-01T00:00:00+1:00"}) {
    CHECK_FALSE(Instant::parse(text));
  }
}
