#include "archive/spool.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <fcntl.h>
#include <mutex>
#include <unistd.h>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"

namespace archive {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

constexpr std::size_t block_size = 256UL * 1024;
// Of the spool that is read, so that neither side waits for the other's next slice of a core; and of one that is not.
constexpr std::size_t most_read = 12;
constexpr std::size_t most_waiting = 2;
constexpr milliseconds look{100};
// Whoever waits so long for bytes has a narrow line; a thread that waits for a core waits less.
constexpr milliseconds narrow{200};
// Servers cut connections that stand still for half a minute or more.
constexpr milliseconds patience{5'000};

struct Chunk {
  Line::Block bytes;
  std::size_t size = 0;
};

}  // namespace

Line::Block Line::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return Block(block_size);
  auto block = std::move(free_.back());
  free_.pop_back();
  return block;
}

void Line::give_back(Block block) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(block));
}

class Spool::Queue {
 public:
  Queue(std::filesystem::path overflow, Line& line) : overflow_(std::move(overflow)), line_(line) {}

  // The getter's side

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      if (filling_.bytes.empty()) filling_.bytes = line_.take();
      const auto count = bytes.copy(filling_.bytes.data() + filling_.size, block_size - filling_.size);
      filling_.size += count;
      bytes.remove_prefix(count);
      if (filling_.size == block_size) pass_on();
    }
  }

  void end(std::exception_ptr failure) {
    try {
      if (filling_.size > 0) pass_on();
    } catch (...) {
      if (!failure) failure = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    failure_ = std::move(failure);
    is_ended_ = true;
    changed_.notify_all();
  }

  void wait() {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, look, [this] { return is_ended_; })) base::throw_if_terminated();
    if (failure_) std::rethrow_exception(failure_);
  }

  void abandon() {
    const std::lock_guard lock(mutex_);
    is_abandoned_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] std::uint64_t spilled() const {
    const std::lock_guard lock(mutex_);
    return spilled_;
  }

  // The user's side

  // Empty at the end. Valid until the next call.
  std::string_view next() {
    std::unique_lock lock(mutex_);
    if (!std::exchange(is_read_, true)) changed_.notify_all();
    give_back(std::exchange(reading_, {}));
    wait_for_bytes(lock);
    if (is_abandoned_) throw Error(ErrorKind::internal, {"read", "a layer", "another one failed", ""});
    if (!chunks_.empty()) {
      reading_ = std::move(chunks_.front());
      chunks_.pop_front();
      // Whoever waits for room is woken where there is some worth waking for.
      if (chunks_.size() == most_read / 2) changed_.notify_all();
      return {reading_.bytes.data(), reading_.size};
    }
    if (taken_ < spilled_) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(spilled_ - taken_, block_size));
      lock.unlock();
      return from_file(size);
    }
    if (failure_) std::rethrow_exception(failure_);
    return {};
  }

 private:
  void give_back(Chunk chunk) {
    if (!chunk.bytes.empty()) line_.give_back(std::move(chunk.bytes));
  }

  void pass_on() {
    std::unique_lock lock(mutex_);
    if (file_ || !finds_room(lock)) return spill(lock);
    auto chunk = std::exchange(filling_, {});
    if (is_abandoned_) return give_back(std::move(chunk));
    chunks_.push_back(std::move(chunk));
    if (chunks_.size() == 1) changed_.notify_all();
  }

  // Whether there is room in memory, by now or after a wait; false: into the file.
  bool finds_room(std::unique_lock<std::mutex>& lock) {
    const auto has_room = [this] { return is_abandoned_ || chunks_.size() < (is_read_ ? most_read : most_waiting); };
    for (milliseconds waited{0}; !has_room(); waited += look) {
      if (!is_read_ && (line_.is_narrow || waited >= patience)) return false;
      changed_.wait_for(lock, look, has_room);
      base::throw_if_terminated();
    }
    return true;
  }

  void spill(std::unique_lock<std::mutex>& lock) {
    const bool is_wanted = !is_abandoned_;
    lock.unlock();
    if (is_wanted) {
      if (!file_) create_file();
      base::write_all(file_.get(), {filling_.bytes.data(), filling_.size}, overflow_);
    }
    lock.lock();
    if (is_wanted) spilled_ += filling_.size;
    filling_.size = 0;
    changed_.notify_all();
  }

  void create_file() {
    file_ = base::FileDescriptor(::open(overflow_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file_) throw base::system_error("create", overflow_.string(), errno);
    static_cast<void>(unlink(overflow_.c_str()));  // it is open
  }

  void wait_for_bytes(std::unique_lock<std::mutex>& lock) {
    const auto is_there = [this] { return !chunks_.empty() || taken_ < spilled_ || is_ended_ || is_abandoned_; };
    for (milliseconds waited{0}; !changed_.wait_for(lock, look, is_there); waited += look) {
      base::throw_if_terminated();
      if (waited + look >= narrow) line_.is_narrow = true;
    }
  }

  std::string_view from_file(std::size_t size) {
    if (file_room_.empty()) file_room_.resize(block_size);
    std::size_t count = 0;
    while (count < size) {
      const auto got = pread(file_.get(), file_room_.data() + count, size - count, static_cast<off_t>(taken_ + count));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw base::system_error("read", overflow_.string(), got < 0 ? errno : EIO);
      count += static_cast<std::size_t>(got);
    }
    taken_ += size;
    return {file_room_.data(), size};
  }

  std::filesystem::path overflow_;
  Line& line_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Chunk> chunks_;  // of memory: they come before all that is in the file
  std::uint64_t spilled_ = 0;
  bool is_read_ = false;
  bool is_ended_ = false;
  bool is_abandoned_ = false;
  std::exception_ptr failure_;
  base::FileDescriptor file_;  // made by the getter, before spilled_ says so
  Chunk filling_;              // the getter's
  Chunk reading_;              // the user's
  std::vector<char> file_room_;
  std::uint64_t taken_ = 0;  // from the file
};

class Spool::Reading final : public Input {
 public:
  explicit Reading(Queue& queue) : queue_(queue) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (left_.empty()) left_ = queue_.next();
    const auto count = left_.copy(buffer, capacity);
    left_.remove_prefix(count);
    return count;
  }

  std::string_view piece(std::span<char> /*room*/) override {
    if (left_.empty()) return queue_.next();
    return std::exchange(left_, {});
  }

 private:
  Queue& queue_;
  std::string_view left_;
};

Spool::Spool(std::filesystem::path overflow, Line& line) : queue_(std::make_unique<Queue>(std::move(overflow), line)) {}
Spool::~Spool() = default;
void Spool::write(std::string_view bytes) { queue_->write(bytes); }
void Spool::end(std::exception_ptr failure) { queue_->end(std::move(failure)); }
std::unique_ptr<Input> Spool::open() { return std::make_unique<Reading>(*queue_); }
void Spool::abandon() { queue_->abandon(); }
void Spool::wait() { queue_->wait(); }
std::uint64_t Spool::spilled() const { return queue_->spilled(); }

}  // namespace archive
