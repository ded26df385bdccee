#include "base/parallel.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

namespace base {
namespace {

// Nothing where the system refuses a further thread.
template <class Work>
std::optional<std::thread> try_thread(Work work) {
  try {
    return std::thread(std::move(work));
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

// Runs `work` on this thread and on at most `others` more, until it returns on all of them.
void run_on_all(std::size_t others, const std::function<void()>& work) {
  std::vector<std::thread> threads;
  threads.reserve(others);
  while (threads.size() < others) {
    auto thread = try_thread(work);
    if (!thread) break;
    threads.push_back(*std::move(thread));
  }
  work();
  for (auto& thread : threads) thread.join();
}

std::size_t others_for(std::size_t count, std::size_t width) {
  const auto wanted = std::min(count, std::max<std::size_t>(width, 1));
  return wanted == 0 ? 0 : wanted - 1;
}

}  // namespace

std::size_t cores() { return std::max(1U, std::thread::hardware_concurrency()); }

void for_each_parallel(std::size_t count, std::size_t width, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr first;
  run_on_all(others_for(count, width), [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!first) first = std::current_exception();
        next = count;
      }
    }
  });
  if (first) std::rethrow_exception(first);
}

std::vector<std::optional<Error>> try_each_parallel(std::size_t count, std::size_t width,
                                                    const std::function<void(std::size_t)>& work) {
  std::vector<std::optional<Error>> failures(count);
  for_each_parallel(count, width, [&](std::size_t i) {
    try {
      work(i);
    } catch (const Error& error) {
      failures[i] = error;
    }
  });
  return failures;
}

void Job::run_once() {
  if (claimed_.exchange(true)) return;
  work_();
  // What the work holds is freed with its end, not with that of the last who waits for it.
  work_ = nullptr;
}

class Workers::Crew {
 public:
  explicit Crew(std::size_t width) : width_(width) { threads_.reserve(width); }
  ~Crew() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      jobs_.clear();
    }
    changed_.notify_all();
    for (auto& thread : threads_) thread.join();
  }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  void add(std::shared_ptr<Job> job) {
    const std::lock_guard lock(mutex_);
    if (idle_ <= jobs_.size() && threads_.size() < width_ && !refused_) {
      if (auto thread = try_thread([this] { run(); })) {
        threads_.push_back(*std::move(thread));
      } else {
        refused_ = true;
      }
    }
    if (threads_.empty()) return;  // whoever waits for the job does it
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }

  [[nodiscard]] std::size_t threads() const {
    const std::lock_guard lock(mutex_);
    return threads_.size();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      ++idle_;
      changed_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
      --idle_;
      if (ended_) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job->run_once();
      lock.lock();
    }
  }

  std::size_t width_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool refused_ = false;
  bool ended_ = false;
};

Workers::Workers(std::size_t width) : width_(std::max<std::size_t>(width, 1)), crew_(std::make_unique<Crew>(width_)) {}
Workers::~Workers() = default;
void Workers::add(std::shared_ptr<Job> job) { crew_->add(std::move(job)); }
std::size_t Workers::threads() const { return crew_->threads(); }

}  // namespace base
