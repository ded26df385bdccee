#include "git/pace.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace std::chrono_literals;
using git::Pace;
using Stall = git::Pace::Stall;

namespace {

const git::Patience patience{60s, 1000, 60s, 1800s};
const Pace::Time start{};

}  // namespace

TEST_CASE("a server that says nothing for long has stalled") {
  Pace pace(patience, start);
  CHECK_FALSE(pace.look(start + 59s));
  CHECK(pace.look(start + 60s) == Stall::silent);
}

TEST_CASE("a server that sends a byte now and then has stalled, and one that sends enough has not") {
  Pace slow(patience, start);
  Pace fast(patience, start);
  std::optional<Stall> stall;
  for (auto second = 1s; second <= 60s && !stall; second += 1s) {
    slow.moved(2, start + second);
    fast.moved(1000, start + second);
    stall = slow.look(start + second);
    CHECK_FALSE(fast.look(start + second));
  }
  CHECK(stall == Stall::slow);
}

TEST_CASE("a server that says that it is at work is waited for, though it sends next to nothing") {
  Pace pace(patience, start);
  for (auto second = 5s; second <= 600s; second += 5s) {
    pace.moved(5, start + second);
    pace.at_work();
    CHECK_FALSE(pace.look(start + second));
  }
  // What comes then has to come at a pace.
  for (auto second = 601s; second < 660s; second += 1s) pace.moved(2, start + second);
  pace.moved(2, start + 720s);
  CHECK(pace.look(start + 721s) == Stall::slow);
}

TEST_CASE("a server cannot be at work for ever") {
  Pace pace(patience, start);
  std::optional<Stall> stall;
  auto second = 0s;
  while (!stall && second < 7200s) {
    second += 5s;
    pace.moved(5, start + second);
    pace.at_work();
    stall = pace.look(start + second);
  }
  CHECK(stall == Stall::always_at_work);
  CHECK(second > 1800s);
  CHECK(second <= 1920s);
}

TEST_CASE("time at work counts where nothing else comes") {
  Pace pace(patience, start);
  for (auto second = 5s; second <= 7200s; second += 5s) {
    pace.moved(100'000, start + second);
    pace.at_work();
    CHECK_FALSE(pace.look(start + second));
  }
}

TEST_CASE("empty packets and progress are signs of life, and what belongs to a pack is not") {
  using git::PacketKind;
  CHECK(git::is_sign_of_life({PacketKind::data, "\1"}));
  CHECK(git::is_sign_of_life({PacketKind::data, "\2Counting objects: 5"}));
  CHECK_FALSE(git::is_sign_of_life({PacketKind::data, "\1PACK"}));
  CHECK_FALSE(git::is_sign_of_life({PacketKind::data, "packfile"}));
  CHECK_FALSE(git::is_sign_of_life({PacketKind::flush, {}}));
}
