#include "base/termination.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace std::chrono_literals;

namespace {

struct Requested {
  Requested() { base::request_termination_for_test(); }
  ~Requested() { base::forget_termination_for_test(); }
};

}  // namespace

TEST_CASE("a request to end is heeded at once") {
  const Requested requested;
  CHECK(base::termination_requested());
  CHECK_THROWS_AS(base::wait_or_throw(1ms), base::Aborted);
}

TEST_CASE("in a reprieve what is under way goes on, what has not begun knows, and its time is over some day") {
  const Requested requested;
  {
    const base::Reprieve reprieve(1h);
    CHECK(base::end_is_asked());
    CHECK_FALSE(base::termination_requested());
    CHECK_NOTHROW(base::wait_or_throw(1ms));
    {
      const base::Reprieve over(0ms);
      CHECK(base::termination_requested());
    }
    CHECK_FALSE(base::termination_requested());
  }
  CHECK(base::termination_requested());
  const base::Reprieve short_one(20ms);
  CHECK_THROWS_AS(base::wait_or_throw(1h), base::Aborted);
}
