#include "http/stall_watch.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace std::chrono_literals;
using http::StallWatch;
using State = StallWatch::State;
using Phase = StallWatch::Phase;

namespace {

const base::SteadyTime start{};

// What a transfer of so many bytes in each second is taken for at the end of each of `seconds`.
State after(StallWatch& watch, std::uint64_t bytes_per_second, int seconds, Phase phase = Phase::transferring) {
  for (int second = 1; second <= seconds; ++second) {
    const auto state =
        watch.look(start + std::chrono::seconds(second), bytes_per_second * static_cast<std::uint64_t>(second), phase);
    if (state != State::alive) return state;
  }
  return State::alive;
}

}  // namespace

TEST_CASE("a transfer that trickles is too slow, and one above the bound is alive for hours") {
  StallWatch trickling({60s, 1000}, start);
  CHECK(after(trickling, 2, 59) == State::alive);
  CHECK(after(trickling, 2, 60) == State::too_slow);
  StallWatch slow({60s, 1000}, start);
  CHECK(after(slow, 1000, 10'000) == State::alive);
}

TEST_CASE("a burst and a pause are alive while they reach the bound on average") {
  StallWatch watch({60s, 1000}, start);
  CHECK(watch.look(start + 1s, 60'000, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 60s, 60'000, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 70s, 60'001, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 120s, 60'002, Phase::transferring) == State::too_slow);
}

TEST_CASE("what is silent has stalled, and a single byte in time is life where no speed is asked for") {
  StallWatch silent({60s, 0}, start);
  CHECK(after(silent, 0, 59) == State::alive);
  CHECK(after(silent, 0, 60) == State::silent);
  StallWatch watch({60s, 0}, start);
  for (int i = 1; i < 100; ++i) {
    CHECK(watch.look(start + i * 59s, static_cast<std::uint64_t>(i), Phase::transferring) == State::alive);
  }
}

TEST_CASE("a server that thinks is bound to no speed, and the answer has a window of its own") {
  StallWatch watch({300s, 1000}, start);
  CHECK(watch.look(start + 1s, 100, Phase::waiting) == State::alive);
  CHECK(watch.look(start + 250s, 100, Phase::waiting) == State::alive);
  CHECK(watch.look(start + 251s, 200, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 309s, 300, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 310s, 400, Phase::transferring) == State::too_slow);
}

TEST_CASE("the time that our own side takes is not the server's") {
  StallWatch watch({60s, 1000}, start);
  CHECK(watch.look(start + 1s, 10'000, Phase::transferring) == State::alive);
  watch.leave_out(100s);
  CHECK(watch.look(start + 120s, 10'000, Phase::transferring) == State::alive);
  CHECK(watch.look(start + 161s, 10'000, Phase::transferring) == State::silent);
}
