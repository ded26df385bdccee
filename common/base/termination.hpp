// Ending on request. Concourse aborts a step by SIGTERM and kills it ten seconds later, so every wait of the program
// (transfers, children, back-off) watches for the request and throws; destructors then leave nothing behind.
#pragma once

#include <chrono>

namespace base {

// Installs handlers for SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE; called once, by main.
void watch_for_termination();

[[nodiscard]] bool termination_requested() noexcept;

// A descriptor that becomes readable when termination is requested, for poll(); -1 before watch_for_termination().
[[nodiscard]] int termination_descriptor() noexcept;

// Throws Aborted when termination was requested.
void throw_if_terminated();

// Waits for `duration`; throws Aborted as soon as termination is requested.
void wait_or_throw(std::chrono::milliseconds duration);

// For the last words of a step that was told to end: while it lives, what must still be written down is not kept from
// it by that request; then the request stands again. A second signal ends it. Concourse kills ten seconds after the
// first.
class Reprieve {
 public:
  Reprieve() noexcept;
  ~Reprieve();
  Reprieve(const Reprieve&) = delete;
  Reprieve& operator=(const Reprieve&) = delete;

 private:
  bool was_requested_;
};

// Requests termination from inside the process, as the handler does; for tests.
void request_termination_for_test() noexcept;
void forget_termination_for_test() noexcept;

}  // namespace base
