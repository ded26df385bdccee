// Ending on request. Concourse aborts a step by SIGTERM and kills it ten seconds later, so every wait of the program
// (transfers, children, back-off) watches for the request and throws; destructors then leave nothing behind.
#pragma once

#include <chrono>
#include <cstdint>

namespace base {

// Installs handlers for SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE; called once, by main.
void watch_for_termination();

[[nodiscard]] bool termination_requested() noexcept;

// A descriptor that becomes readable when termination is requested, for poll(); -1 before watch_for_termination().
[[nodiscard]] int termination_descriptor() noexcept;

// The same without regard to a reprieve: what has not begun should not begin any more.
[[nodiscard]] bool end_is_asked() noexcept;

// While it lives, a request to end is heeded only so long after it came: what is under way may end well, and what was
// done be written down, within the ten seconds that Concourse gives. Of several the last that was made counts. Not for
// what runs children: termination_descriptor() knows nothing of it.
class Reprieve {
 public:
  explicit Reprieve(std::chrono::milliseconds after_request) noexcept;
  ~Reprieve();
  Reprieve(const Reprieve&) = delete;
  Reprieve& operator=(const Reprieve&) = delete;

 private:
  std::int64_t before_;
};

// Throws Aborted when termination was requested.
void throw_if_terminated();

// Waits for `duration`; throws Aborted as soon as termination is requested.
void wait_or_throw(std::chrono::milliseconds duration);

// Requests termination from inside the process, as the handler does; for tests.
void request_termination_for_test() noexcept;
void forget_termination_for_test() noexcept;

}  // namespace base
