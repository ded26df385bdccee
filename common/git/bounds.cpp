#include "git/bounds.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <git2.h>
#include <git2/sys/alloc.h>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

#include "base/clock.hpp"
#include "base/termination.hpp"

namespace git {
namespace {

using Clock = std::chrono::steady_clock;

// A larger object is held in a file. Git makes deltas of objects up to 512 MiB, and to apply one takes the base, the
// delta and the result at once.
constexpr std::size_t largest_in_memory = 32UL << 20U;

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

// Memory of a file that has no name: what large objects take is then for the kernel to write out when memory is short,
// and does not end the step.
class Spill {
 public:
  // Nothing where no disk has the room.
  void* take(std::size_t size) {
    const int file = make_file();
    if (file < 0) return nullptr;
    void* memory = MAP_FAILED;
    // Without the room behind it, a write to the memory would end the process.
    if (posix_fallocate(file, 0, static_cast<off_t>(size)) == 0) {
      memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    }
    close(file);
    if (memory == MAP_FAILED) return nullptr;
    const std::lock_guard lock(mutex_);
    sizes_.emplace(memory, size);
    return memory;
  }

  [[nodiscard]] std::size_t size_of(void* memory) {
    // Mapped memory begins with a page, and what malloc gives does not.
    if (reinterpret_cast<std::uintptr_t>(memory) % 4096 != 0) return 0;  // NOLINT: an address is looked at
    const std::lock_guard lock(mutex_);
    const auto found = sizes_.find(memory);
    return found == sizes_.end() ? 0 : found->second;
  }

  void release(void* memory, std::size_t size) {
    {
      const std::lock_guard lock(mutex_);
      sizes_.erase(memory);
    }
    munmap(memory, size);
  }

 private:
  static int make_file() {
    // In a resource's container /scratch is a volume on the real disk.
    for (const char* directory : {"/scratch", "/tmp"}) {
      const int file = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
      if (file >= 0) return file;
    }
    return -1;
  }

  std::mutex mutex_;
  std::map<void*, std::size_t> sizes_;
};

Spill& spill() {
  static Spill only;
  return only;
}

// The functions that C gives for memory are what libgit2 uses by itself.
// NOLINTBEGIN(cppcoreguidelines-no-malloc)
void* allocate(std::size_t size, const char* /*file*/, int /*line*/) {
  if (is_refused(size)) return nullptr;
  void* memory = size >= largest_in_memory ? spill().take(size) : nullptr;
  return memory != nullptr ? memory : std::malloc(size);
}

void release(void* memory) {
  if (const std::size_t size = spill().size_of(memory); size != 0) return spill().release(memory, size);
  std::free(memory);
}

void* reallocate(void* memory, std::size_t size, const char* file, int line) {
  if (is_refused(size)) return nullptr;
  const std::size_t before = memory == nullptr ? 0 : spill().size_of(memory);
  if (before == 0) return std::realloc(memory, size);
  if (size <= before) return memory;
  void* larger = allocate(size, file, line);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, memory, before);
  spill().release(memory, before);
  return larger;
}
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
