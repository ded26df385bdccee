#include "fleet/pacer.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/manual_clock.hpp"

using fleet::Pacer;

TEST_CASE("writes wait for their turn, each host has its own") {
  test::ManualClock clock;
  Pacer pacer(clock, 600);  // one each 100 ms
  pacer.take("a", 2);
  CHECK(clock.sleeps.empty());
  pacer.take("b", 1);
  CHECK(clock.sleeps.empty());
  pacer.take("a", 1);
  CHECK(clock.sleeps == std::vector{std::chrono::milliseconds(200)});
  pacer.take("a", 1);
  CHECK(clock.sleeps.back() == std::chrono::milliseconds(100));
}

TEST_CASE("what was not used up is not saved for later") {
  test::ManualClock clock;
  Pacer pacer(clock, 600);
  pacer.take("a", 1);
  clock.advance(std::chrono::seconds(10));
  pacer.take("a", 1);
  CHECK(clock.sleeps.empty());
  pacer.take("a", 1);
  CHECK(clock.sleeps.size() == 1);
}

TEST_CASE("without a rate nobody waits") {
  test::ManualClock clock;
  Pacer pacer(clock, std::nullopt);
  for (int i = 0; i < 100; ++i) pacer.take("a", 100);
  CHECK(clock.sleeps.empty());
}
