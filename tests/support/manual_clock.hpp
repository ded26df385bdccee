// A clock that moves only when it is told to, or when somebody sleeps on it. Sleeps are remembered.
#pragma once

#include <vector>

#include "base/clock.hpp"

namespace test {

class ManualClock final : public base::Clock {
 public:
  [[nodiscard]] base::WallTime now() const override { return wall_; }
  [[nodiscard]] base::SteadyTime steady_now() const override { return steady_; }
  void sleep(std::chrono::milliseconds duration) override {
    sleeps.push_back(duration);
    advance(duration);
  }
  void advance(std::chrono::milliseconds duration) {
    steady_ += duration;
    wall_ += std::chrono::floor<std::chrono::seconds>(duration);
  }
  void set(base::WallTime time) { wall_ = time; }

  std::vector<std::chrono::milliseconds> sleeps;

 private:
  base::WallTime wall_{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z
  base::SteadyTime steady_{};
};

}  // namespace test
