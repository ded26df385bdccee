#include "fleet/operation.hpp"

#include <catch2/catch_test_macros.hpp>

using fleet::State;
using std::chrono::seconds;

TEST_CASE("latencies are of the images that were moved, by the nearest rank") {
  const base::SteadyTime began{};
  fleet::Latencies latencies(began);
  CHECK_FALSE(latencies.summary());
  latencies.note(State::failed, began + seconds(1000));
  CHECK_FALSE(latencies.summary());
  for (int second = 20; second >= 1; --second) latencies.note(State::rebased, began + seconds(second));
  const auto summary = latencies.summary();
  REQUIRE(summary);
  CHECK(summary->since == "start");
  CHECK(summary->p50 == 10);
  CHECK(summary->p95 == 19);
}
