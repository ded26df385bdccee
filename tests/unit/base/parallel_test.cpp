#include "base/parallel.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "support/without_threads.hpp"

using namespace std::chrono_literals;

TEST_CASE("each number is worked on once, by as many threads as may be") {
  for (const std::size_t width : {0UL, 1UL, 3UL, 16UL}) {
    std::vector<std::atomic<int>> calls(100);
    base::for_each_parallel(calls.size(), width, [&](std::size_t number) { ++calls[number]; });
    for (const auto& count : calls) CHECK(count == 1);
  }
  base::for_each_parallel(0, 4, [](std::size_t) { FAIL("there is nothing to do"); });
}

TEST_CASE("the first failure is thrown and nothing new begins after it") {
  std::atomic<int> begun = 0;
  const auto work = [&](std::size_t number) {
    ++begun;
    if (number == 5) throw std::runtime_error("number five");
    if (number > 5) std::this_thread::sleep_for(1ms);
  };
  CHECK_THROWS_AS(base::for_each_parallel(100'000, 4, work), std::runtime_error);
  CHECK(begun < 100'000);
}

TEST_CASE("failures are collected by number, and all the rest is done") {
  std::atomic<int> done = 0;
  const auto failures = base::try_each_parallel(50, 4, [&](std::size_t number) {
    if (number % 10 == 3) throw base::Error(base::ErrorKind::transient, {"do", std::to_string(number), "", ""});
    ++done;
  });
  CHECK(done == 45);
  REQUIRE(failures.size() == 50);
  for (std::size_t i = 0; i < failures.size(); ++i) CHECK(failures[i].has_value() == (i % 10 == 3));
  CHECK(failures[13].value().report().object == "13");
}

TEST_CASE("an abort ends work that collects failures") {
  std::atomic<int> begun = 0;
  const auto work = [&](std::size_t number) {
    ++begun;
    if (number == 5) throw base::Aborted();
    if (number > 5) std::this_thread::sleep_for(1ms);
  };
  CHECK_THROWS_AS(base::try_each_parallel(100'000, 4, work), base::Aborted);
  CHECK(begun < 100'000);
}

TEST_CASE("a defect ends work that collects failures") {
  const auto work = [](std::size_t) { throw std::logic_error("a defect"); };
  CHECK_THROWS_AS(base::try_each_parallel(10, 2, work), std::logic_error);
}

TEST_CASE("workers give results and failures to whoever waits for them") {
  base::Workers workers(3);
  std::vector<base::Pending<int>> results;
  for (int i = 0; i < 50; ++i) results.push_back(workers.submit([i] { return i * i; }));
  auto failing = workers.submit([]() -> std::string { throw std::runtime_error("refused"); });
  for (int i = 0; i < 50; ++i) CHECK(results[static_cast<std::size_t>(i)].get() == i * i);
  CHECK_THROWS_AS(failing.get(), std::runtime_error);
}

TEST_CASE("what no worker has begun is left undone at their end") {
  std::atomic<int> begun = 0;
  std::atomic<bool> go = false;
  std::vector<base::Pending<void>> results;
  std::thread opener;
  {
    base::Workers workers(1);
    for (int i = 0; i < 10; ++i) {
      results.push_back(workers.submit([&] {
        ++begun;
        while (!go) std::this_thread::yield();
      }));
    }
    while (begun == 0) std::this_thread::yield();
    // The end of the workers waits for the one that has begun.
    opener = std::thread([&] { go = true; });
  }
  opener.join();
  CHECK(begun == 1);
}

TEST_CASE("the work is done where the system has no further thread") {
  const auto outcome = test::without_threads([] {
    std::vector<std::thread::id> seen(20);
    base::for_each_parallel(seen.size(), 8, [&](std::size_t i) { seen[i] = std::this_thread::get_id(); });
    for (const auto& id : seen) {
      if (id != std::this_thread::get_id()) return std::string("a thread was made");
    }
    if (base::try_each_parallel(5, 5, [](std::size_t) { throw base::Error(base::ErrorKind::transient, {}); }).size() !=
        5) {
      return std::string("failures were lost");
    }
    base::Workers workers(4);
    std::vector<base::Pending<std::size_t>> results;
    for (std::size_t i = 0; i < 20; ++i) results.push_back(workers.submit([i] { return i; }));
    std::size_t sum = 0;
    for (auto& result : results) sum += result.get();
    return std::string(sum == 190 ? "done" : "work was lost");
  });
  CHECK(outcome == "done");
}
