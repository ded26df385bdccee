#include "fleet/operation.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/manual_clock.hpp"

using fleet::State;
using std::chrono::seconds;

TEST_CASE("latencies are of the images that were moved, by the nearest rank") {
  const base::SteadyTime began{};
  fleet::Latencies latencies({began, {}}, std::nullopt);
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

TEST_CASE("latencies count from the base's push where it is known and not ahead of our clock") {
  const base::SteadyTime began{};
  const base::WallTime started(seconds(1000));
  fleet::Latencies latencies({began, started}, started - seconds(60));
  latencies.note(State::rebased, began + seconds(2));
  CHECK(latencies.summary()->since == "push");
  CHECK(latencies.summary()->p95 == 62);
  fleet::Latencies ahead({began, started}, started + seconds(1));
  ahead.note(State::rebased, began + seconds(2));
  CHECK(ahead.summary()->since == "start");
  CHECK(ahead.summary()->p95 == 2);
}

TEST_CASE(
    "when the put is told to end, what has begun goes on, what has not is untouched, and the time of both is short") {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, clock);
  using fleet::Verdict;
  const auto otherwise = [](const Verdict& verdict) { return verdict; };
  {
    fleet::Ending ending(log, 5);
    const auto rebased = [] { return Verdict{State::rebased, ""}; };
    CHECK(ending.run<Verdict>(1, rebased, otherwise).state == State::rebased);
    const auto finished = ending.run<Verdict>(
        1,
        [&] {
          base::request_termination_for_test();
          base::throw_if_terminated();
          return rebased();
        },
        otherwise);
    CHECK(finished.state == State::rebased);
    CHECK(ending.run<Verdict>(2, rebased, otherwise) ==
          Verdict{State::untouched, "the put was told to end before its turn"});
    CHECK(text.str().find("told to end: 2 of 5 done, 0 under way, 3 untouched") != std::string::npos);
  }
  CHECK_THROWS_AS(base::throw_if_terminated(), base::Aborted);
  base::forget_termination_for_test();
  fleet::Ending ending(log, 1);
  const auto cut = ending.run<Verdict>(
      1, []() -> Verdict { throw base::Aborted(); }, otherwise);
  CHECK(cut.state == State::failed);
  CHECK(cut.reason.starts_with("it was under way when the put was told to end"));
}
