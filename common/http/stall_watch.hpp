// Tells a transfer that has stalled from one that is slow but alive: pure, with the time given.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hpp"

namespace http {

struct StallBounds {
  std::chrono::milliseconds silence;           // nothing has moved for so long
  std::uint64_t slowest_bytes_per_second = 0;  // on average over the window; 0: any speed will do
  std::chrono::milliseconds window{60'000};
};

class StallWatch {
 public:
  StallWatch(StallBounds bounds, base::SteadyTime start) : bounds_(bounds), last_move_(start), window_start_(start) {}

  // A server that is thinking between the request and its answer is bound to no speed.
  enum class Phase { waiting, transferring };
  enum class State { alive, silent, too_slow };
  // `moved` is the sum of both directions since the start; it never shrinks.
  [[nodiscard]] State look(base::SteadyTime now, std::uint64_t moved, Phase phase);

  // Time that our own side took (a disk that is slow to write) is not the server's.
  void leave_out(std::chrono::nanoseconds own);

 private:
  StallBounds bounds_;
  std::uint64_t moved_ = 0;
  base::SteadyTime last_move_;
  base::SteadyTime window_start_;
  std::uint64_t window_moved_ = 0;  // `moved` when the window began
};

}  // namespace http
