#include "base/parallel.hpp"

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <vector>

TEST_CASE("each number is worked on once, by as many threads as may be") {
  for (const std::size_t width : {0U, 1U, 2U, 7U, 100U}) {
    std::vector<std::atomic<int>> calls(50);
    base::for_each_parallel(calls.size(), width, [&](std::size_t number) { ++calls[number]; });
    for (const auto& count : calls) CHECK(count == 1);
  }
  base::for_each_parallel(0, 4, [](std::size_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("the first failure is thrown once all that have begun have ended") {
  std::atomic<int> begun = 0;
  std::atomic<int> ended = 0;
  const auto work = [&](std::size_t number) {
    ++begun;
    if (number == 3) throw std::runtime_error("the third");
    ++ended;
  };
  CHECK_THROWS_AS(base::for_each_parallel(100'000, 4, work), std::runtime_error);
  CHECK(begun == ended + 1);
}
