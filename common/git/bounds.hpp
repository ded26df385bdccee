// Bounds on what libgit2 may take where the data of a server decide how much that is: a pack of a few kilobytes can
// declare an object of terabytes, or hold deltas that take days to apply. libgit2 gets its memory here, and whatever it
// does, it gives up whole and cleanly when it gets none.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace git {

// An object in memory. Hosting services take no larger ones, and git itself makes no deltas beyond 512 MiB
// (core.bigFileThreshold).
inline constexpr std::size_t largest_object = 2UL << 30U;

// While it lives, libgit2 has this long on this thread, may ask for memory so often without any progress, and ends when
// the step is told to.
class WorkBound {
 public:
  WorkBound(std::chrono::milliseconds time, std::uint64_t allocations);
  ~WorkBound();
  WorkBound(const WorkBound&) = delete;
  WorkBound& operator=(const WorkBound&) = delete;

  static void progressed() noexcept;
};

// To be called before libgit2 is started.
void bound_libgit2();
// Why libgit2 was last refused memory on this thread, as the cause of an error; empty when it was not. Asking clears
// it.
[[nodiscard]] std::string take_refusal();

}  // namespace git
