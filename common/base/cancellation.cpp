#include "base/cancellation.hpp"

#include <algorithm>

namespace base {

void sleep(Clock& clock, std::chrono::milliseconds duration, const Cancellation* cancellation) {
  constexpr std::chrono::milliseconds part{200};
  if (cancellation == nullptr) return clock.sleep(duration);
  cancellation->throw_if_requested();
  while (duration.count() > 0) {
    const auto now = std::min(duration, part);
    clock.sleep(now);
    duration -= now;
    cancellation->throw_if_requested();
  }
}

}  // namespace base
