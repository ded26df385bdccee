#include "git/bounds.hpp"

#include <cstdlib>
#include <fmt/format.h>
#include <git2.h>
#include <git2/sys/alloc.h>
#include <utility>

#include "base/clock.hpp"
#include "base/termination.hpp"

namespace git {
namespace {

using Clock = std::chrono::steady_clock;

enum class Refusal { none, size, time, circles, termination };

struct State {
  bool bounded = false;
  Clock::time_point deadline;
  std::uint64_t allocations = 0;  // since the last progress
  std::uint64_t most_allocations = 0;
  Refusal refusal = Refusal::none;
};
// An allocator is not told for whom it allocates: what bounds a thread's work, the thread alone can know.
thread_local State state;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

bool is_refused(std::size_t size) noexcept {
  if (size > largest_object) {
    state.refusal = Refusal::size;
  } else if (!state.bounded) {
    return false;
  } else if (++state.allocations > state.most_allocations) {
    state.refusal = Refusal::circles;
  } else if (base::termination_requested()) {
    state.refusal = Refusal::termination;
  } else if (Clock::now() > state.deadline) {
    state.refusal = Refusal::time;
  } else {
    return false;
  }
  return true;
}

// The functions that C gives for memory are what libgit2 uses by itself.
// NOLINTBEGIN(cppcoreguidelines-no-malloc)
void* allocate(std::size_t size, const char* /*file*/, int /*line*/) {
  return is_refused(size) ? nullptr : std::malloc(size);
}

void* reallocate(void* memory, std::size_t size, const char* /*file*/, int /*line*/) {
  return is_refused(size) ? nullptr : std::realloc(memory, size);
}

void release(void* memory) { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)

}  // namespace

WorkBound::WorkBound(std::chrono::milliseconds time, std::uint64_t allocations) {
  state = {true, Clock::now() + time, 0, allocations, Refusal::none};
}
WorkBound::~WorkBound() { state.bounded = false; }

void WorkBound::progressed() noexcept { state.allocations = 0; }

void bound_libgit2() {
  static git_allocator allocator{allocate, reallocate, release};
  git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &allocator);
}

std::string take_refusal() {
  switch (std::exchange(state.refusal, Refusal::none)) {
    case Refusal::none:
    case Refusal::termination:
      return "";
    case Refusal::size:
      return fmt::format("an object of it is larger than {}", base::human_bytes(largest_object));
    case Refusal::time:
      return "it takes too long to unpack";
    case Refusal::circles:
      return "its deltas lead nowhere";
  }
  return "";
}

}  // namespace git
