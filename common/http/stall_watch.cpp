#include "http/stall_watch.hpp"

namespace http {

StallWatch::State StallWatch::look(base::SteadyTime now, std::uint64_t moved, Phase phase) {
  if (moved != moved_) {
    moved_ = moved;
    last_move_ = now;
  }
  if (now - last_move_ >= bounds_.silence) return State::silent;
  const bool is_over = now - window_start_ >= bounds_.window;
  if (phase == Phase::transferring && !is_over) return State::alive;
  const auto seconds = static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(bounds_.window).count());
  const bool too_slow = moved - window_moved_ < bounds_.slowest_bytes_per_second * seconds;
  if (phase == Phase::transferring && too_slow) return State::too_slow;
  window_start_ = now;
  window_moved_ = moved;
  return State::alive;
}

void StallWatch::leave_out(std::chrono::nanoseconds own) {
  const auto shift = std::chrono::duration_cast<base::SteadyTime::duration>(own);
  last_move_ += shift;
  window_start_ += shift;
}

}  // namespace http
