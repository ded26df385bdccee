// Ending one piece of work from outside while the step goes on: a watch that has seen enough, the neighbours of what
// has failed. Who waits looks at it between the parts of its wait, so that it ends within a second.
//
// Cancelled is not an Error, as Aborted is not: best-effort code must not take it for a failure that passes.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>

#include "base/clock.hpp"

namespace base {

class Cancelled final : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "cannot finish the work: it was cancelled"; }
};

// Shared by who cancels and who works (std::shared_ptr); threads may use it at the same time.
class Cancellation {
 public:
  void request() noexcept { requested_.store(true); }
  [[nodiscard]] bool is_requested() const noexcept { return requested_.load(); }
  void throw_if_requested() const {
    if (is_requested()) throw Cancelled();
  }

 private:
  std::atomic<bool> requested_{false};
};

// Clock::sleep() for work that may be cancelled; `cancellation` may be null. Throws Cancelled.
void sleep(Clock& clock, std::chrono::milliseconds duration, const Cancellation* cancellation);

}  // namespace base
