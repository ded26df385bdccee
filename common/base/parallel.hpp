// Work on several threads at once: the only place where threads are made. A container may have no more of them (its
// pids limit): then those that there are do the work, or the caller does all of it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace base {

// As many threads as can run at once here; at least 1.
[[nodiscard]] std::size_t cores();

// Calls work(0) ... work(count - 1), at most `width` at a time. After the first exception no further call begins; it is
// thrown once all that have begun have ended.
void for_each_parallel(std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work);

// Calls all of them, whichever fails, and gives the Error of each by its number: nothing where there was none. What is
// not an Error (base::Aborted, a lack of memory) ends this form, too: no further call begins, and it is thrown.
[[nodiscard]] std::vector<std::optional<Error>> try_each_parallel(std::size_t count, std::size_t width,
                                                                  const std::function<void(std::size_t)>& work);

// What runs once: on the thread of whoever claims it first.
class Job {
 public:
  explicit Job(std::function<void()> work) : work_(std::move(work)) {}
  void run_once();

 private:
  std::atomic<bool> claimed_ = false;
  std::function<void()> work_;
};

// A result that is being worked out beside.
template <class Result>
class Pending {
 public:
  Pending(std::shared_ptr<Job> job, std::future<Result> result) : job_(std::move(job)), result_(std::move(result)) {}

  // Waits, or does the work here when no thread has begun with it; once. Throws what the work threw.
  Result get() {
    job_->run_once();
    return result_.get();
  }

 private:
  std::shared_ptr<Job> job_;
  std::future<Result> result_;
};

// Threads that work beside their maker on what it submits, in that order.
class Workers {
 public:
  // At most `width` threads, made when there is work for them.
  explicit Workers(std::size_t width);
  // Waits for what has begun; what has not is left undone.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  template <class Work>
  [[nodiscard]] Pending<std::invoke_result_t<Work>> submit(Work work) {
    using Result = std::invoke_result_t<Work>;
    // std::function wants what can be copied, and a task cannot.
    auto task = std::make_shared<std::packaged_task<Result()>>(std::move(work));
    auto result = task->get_future();
    auto job = std::make_shared<Job>([task] { (*task)(); });
    add(job);
    return {std::move(job), std::move(result)};
  }

  [[nodiscard]] std::size_t width() const { return width_; }
  // How many threads there are by now: fewer than jobs that wait for each other mean that some never begin.
  [[nodiscard]] std::size_t threads() const;

 private:
  void add(std::shared_ptr<Job> job);

  class Crew;
  std::size_t width_;
  std::unique_ptr<Crew> crew_;
};

}  // namespace base
