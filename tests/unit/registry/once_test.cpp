#include "registry/once.hpp"

#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <latch>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using registry::Once;

namespace {

const auto always = [](const std::string&) { return true; };
const base::Error refused(base::ErrorKind::denied, {"log in to", "r.example", "HTTP status 401", ""});

}  // namespace

TEST_CASE("what several need at once is made once") {
  Once<std::string, std::string> once;
  std::atomic<int> made = 0;
  std::latch begun(8);
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      begun.arrive_and_wait();
      const auto value = once.get("a", always, [&] {
        ++made;
        std::this_thread::sleep_for(50ms);
        return std::string("token");
      });
      if (value == "token") ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(made == 1);
  CHECK(right == 8);
}

TEST_CASE("one key is made while another is under way") {
  Once<std::string, std::string> once;
  std::latch inner_is_done(1);
  std::string slow;
  std::thread other([&] {
    slow = once.get("slow", always, [&] {
      inner_is_done.wait();
      return std::string("1");
    });
  });
  CHECK(once.get("quick", always, [] { return std::string("2"); }) == "2");
  inner_is_done.count_down();
  other.join();
  CHECK(slow == "1");
}

TEST_CASE("an error reaches all who waited and is not kept") {
  Once<std::string, std::string> once;
  std::atomic<int> made = 0;
  std::atomic<int> failed = 0;
  std::latch begun(4);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      begun.arrive_and_wait();
      try {
        static_cast<void>(once.get("a", always, [&]() -> std::string {
          ++made;
          std::this_thread::sleep_for(200ms);
          throw refused;
        }));
      } catch (const base::Error&) {
        ++failed;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failed == 4);
  const int before = made;
  CHECK(before < 4);
  CHECK(once.get("a", always, [] { return std::string("token"); }) == "token");
}

TEST_CASE("where the one who makes it is cancelled another does it") {
  Once<std::string, std::string> once;
  std::latch begun(1);
  std::thread cancelled([&] {
    CHECK_THROWS_AS(once.get("a", always,
                             [&]() -> std::string {
                               begun.count_down();
                               std::this_thread::sleep_for(100ms);
                               throw base::Cancelled();
                             }),
                    base::Cancelled);
  });
  begun.wait();
  CHECK(once.get("a", always, [] { return std::string("token"); }) == "token");
  cancelled.join();
}

TEST_CASE("who waits may be cancelled alone") {
  Once<std::string, std::string> once;
  std::latch begun(1);
  std::latch end(1);
  std::thread maker([&] {
    static_cast<void>(once.get("a", always, [&] {
      begun.count_down();
      end.wait();
      return std::string("token");
    }));
  });
  begun.wait();
  base::Cancellation cancellation;
  cancellation.request();
  CHECK_THROWS_AS(once.get(
                      "a", always, [] { return std::string("other"); }, &cancellation),
                  base::Cancelled);
  end.count_down();
  maker.join();
}

TEST_CASE("what is not good any more, or was dropped, is made anew") {
  Once<std::string, std::string> once;
  const auto make = [&](std::string value) { return [value] { return value; }; };
  CHECK(once.get("a", always, make("1")) == "1");
  CHECK(once.get("a", always, make("2")) == "1");
  CHECK(once.get(
            "a", [](const std::string& value) { return value != "1"; }, make("3")) == "3");
  once.drop([](const std::string& value) { return value == "3"; });
  CHECK(once.get("a", always, make("4")) == "4");
  const auto all = [](const std::string&) { return true; };
  CHECK(once.find("", all, [](const std::string& key, const std::string&) { return key == "a"; }) == "4");
  CHECK_FALSE(once.find("", all, [](const std::string& key, const std::string&) { return key == "b"; }));
  CHECK_FALSE(once.find("b", all, [](const std::string&, const std::string&) { return true; }));
}
