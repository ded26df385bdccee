#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace base {

void for_each_parallel(std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first;
  const auto run = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
    }
  };
  std::vector<std::thread> threads;
  const auto others = std::min(count, std::max<std::size_t>(width, 1));
  threads.reserve(others);
  try {
    for (std::size_t i = 1; i < others; ++i) threads.emplace_back(run);
  } catch (const std::system_error&) {
    // A container may have no more threads (its pids limit): those that there are do the work.
  }
  run();
  for (auto& thread : threads) thread.join();
  if (first) std::rethrow_exception(first);
}

}  // namespace base
