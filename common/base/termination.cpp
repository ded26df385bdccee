#include "base/termination.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/error.hpp"

namespace base {
namespace {

// Signal handlers can reach nothing but globals; these three are the only mutable ones of the program.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<bool> requested{false};
std::atomic<int> wake_read{-1};
std::atomic<int> wake_write{-1};
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

void on_signal(int /*signal*/) {
  const int saved = errno;
  requested.store(true);
  const int descriptor = wake_write.load();
  if (descriptor >= 0) [[maybe_unused]]
    const ssize_t written = write(descriptor, "x", 1);
  errno = saved;
}

void forget_request() noexcept {
  requested.store(false);
  std::array<char, 16> drain{};
  while (wake_read.load() >= 0 && read(wake_read.load(), drain.data(), drain.size()) > 0) {
  }
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

bool termination_requested() noexcept { return requested.load(); }

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
    struct pollfd wake {
      termination_descriptor(), POLLIN, 0
    };
    poll(&wake, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1'000'000)));
  }
}

Reprieve::Reprieve() noexcept : was_requested_(termination_requested()) {
  if (was_requested_) forget_request();
}

Reprieve::~Reprieve() {
  if (was_requested_) on_signal(SIGTERM);
}

void request_termination_for_test() noexcept { on_signal(SIGTERM); }

void forget_termination_for_test() noexcept { forget_request(); }

}  // namespace base
