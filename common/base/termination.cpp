#include "base/termination.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.hpp"

namespace base {
namespace {

// Signal handlers can reach nothing but globals; these are the only mutable ones of the program.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> requested{false};
std::atomic<int> wake_read{-1};
std::atomic<int> wake_write{-1};
std::atomic<std::int64_t> requested_at{0};  // by the steady clock, in nanoseconds
std::atomic<std::int64_t> reprieve{0};      // in nanoseconds after the request
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

std::int64_t steady_nanoseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);  // what std::chrono::steady_clock is; safe in a handler
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void on_signal(int /*signal*/) {
  const int saved = errno;
  // A second request takes nothing from the reprieve of the first.
  std::int64_t none = 0;
  requested_at.compare_exchange_strong(none, steady_nanoseconds());
  requested.store(true);
  const int descriptor = wake_write.load();
  if (descriptor >= 0) [[maybe_unused]]
    const ssize_t written = write(descriptor, "x", 1);
  errno = saved;
}

}  // namespace

void watch_for_termination() {
  if (wake_read.load() < 0) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw system_error("create", "a pipe", errno);
    wake_read = ends[0];
    wake_write = ends[1];
  }
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaction(signal, &action, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

bool end_is_asked() noexcept { return requested.load(); }

bool termination_requested() noexcept {
  return requested.load() && steady_nanoseconds() - requested_at.load() >= reprieve.load();
}

Reprieve::Reprieve(std::chrono::milliseconds after_request) noexcept
    : before_(reprieve.exchange(std::chrono::nanoseconds(after_request).count())) {}

Reprieve::~Reprieve() { reprieve.store(before_); }

int termination_descriptor() noexcept { return wake_read.load(); }

void throw_if_terminated() {
  if (termination_requested()) throw Aborted();
}

void wait_or_throw(std::chrono::milliseconds duration) {
  const auto end = std::chrono::steady_clock::now() + duration;
  while (true) {
    throw_if_terminated();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return;
    // In a reprieve the descriptor is readable already: what ends the waiting then is time.
    constexpr std::int64_t look = 50;
    const bool is_reprieved = end_is_asked();
    struct pollfd wake {
      is_reprieved ? -1 : termination_descriptor(), POLLIN, 0
    };
    poll(&wake, 1, static_cast<int>(std::min<std::int64_t>(left.count(), is_reprieved ? look : 1'000'000)));
  }
}

void request_termination_for_test() noexcept { on_signal(SIGTERM); }

void forget_termination_for_test() noexcept {
  requested.store(false);
  requested_at.store(0);
  std::array<char, 16> drain{};
  while (wake_read.load() >= 0 && read(wake_read.load(), drain.data(), drain.size()) > 0) {
  }
}

}  // namespace base
