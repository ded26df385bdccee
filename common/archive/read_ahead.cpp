#include "archive/read_ahead.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/parallel.hpp"
#include "base/termination.hpp"

namespace archive {
namespace {

constexpr std::size_t block_size = 256UL * 1024;
constexpr std::size_t most_blocks = 16;
constexpr std::chrono::milliseconds look{100};

// Some bytes of an input; none: its end, or why it has none.
struct Piece {
  std::vector<char> bytes;
  std::size_t size = 0;
  std::exception_ptr error = nullptr;
  int users = 2;  // who are not done with it
};

// Ends the reading when nobody wants its bytes any more.
struct Unwanted {};

}  // namespace

class ReadAhead::Queue {
 public:
  Queue(std::size_t count, const Open& open) : workers_(2) {
    static_cast<void>(workers_.submit([this] { hash(); }));
    static_cast<void>(workers_.submit([this, count, open] { fill(count, open); }));
    if (!has_threads()) end();
  }

  ~Queue() { end(); }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  [[nodiscard]] bool has_threads() const { return workers_.threads() == 2; }

  std::shared_ptr<Piece> take() {
    std::unique_lock lock(mutex_);
    while (!unread_comes_.wait_for(lock, look, [this] { return !unread_.empty(); })) base::throw_if_terminated();
    return pop(unread_);
  }

  void give_back(const std::shared_ptr<Piece>& piece) {
    const std::lock_guard lock(mutex_);
    if (--piece->users == 0) free_.push_back(std::move(piece->bytes));
  }

  base::Digest digest(std::size_t number) {
    std::unique_lock lock(mutex_);
    const auto is_there = [&] { return digests_.size() > number || hash_failure_; };
    while (!digest_comes_.wait_for(lock, look, is_there)) base::throw_if_terminated();
    if (hash_failure_) std::rethrow_exception(hash_failure_);
    return digests_[number];
  }

 private:
  void end() {
    {
      const std::lock_guard lock(mutex_);
      unwanted_ = true;
    }
    room_.notify_all();
    unhashed_comes_.notify_all();
  }

  void fill(std::size_t count, const Open& open) {
    try {
      for (std::size_t i = 0; i < count; ++i) {
        require_wanted();
        const auto input = open(i);
        while (true) {
          auto piece = std::make_shared<Piece>(Piece{block()});
          piece->size = input->read(piece->bytes.data(), piece->bytes.size());
          const bool is_end = piece->size == 0;
          add(std::move(piece));
          if (is_end) break;
        }
      }
    } catch (const Unwanted&) {
    } catch (...) {
      const std::lock_guard lock(mutex_);
      unread_.push_back(std::make_shared<Piece>(Piece{{}, 0, std::current_exception()}));
      unread_comes_.notify_one();
    }
  }

  std::vector<char> block() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::vector<char>(block_size);
    auto bytes = std::move(free_.back());
    free_.pop_back();
    return bytes;
  }

  void add(std::shared_ptr<Piece> piece) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return unwanted_ || std::max(unread_.size(), unhashed_.size()) < most_blocks; });
    if (unwanted_) throw Unwanted{};
    unhashed_.push_back(piece);
    unread_.push_back(std::move(piece));
    if (unhashed_.size() == 1) unhashed_comes_.notify_one();
    if (unread_.size() == 1) unread_comes_.notify_one();
  }

  void require_wanted() {
    const std::lock_guard lock(mutex_);
    if (unwanted_) throw Unwanted{};
  }

  // Under the lock.
  std::shared_ptr<Piece> pop(std::deque<std::shared_ptr<Piece>>& pieces) {
    auto piece = std::move(pieces.front());
    pieces.pop_front();
    // Whoever waits for room is woken where there is some worth waking for.
    if (pieces.size() == most_blocks / 2) room_.notify_one();
    return piece;
  }

  void hash() {
    try {
      while (true) {
        auto digest = hash_one();
        const std::lock_guard lock(mutex_);
        digests_.push_back(std::move(digest));
        digest_comes_.notify_one();
      }
    } catch (const Unwanted&) {
    } catch (...) {
      const std::lock_guard lock(mutex_);
      hash_failure_ = std::current_exception();
      digest_comes_.notify_one();
    }
  }

  base::Digest hash_one() {
    base::Sha256 hash;
    while (true) {
      const auto piece = take_unhashed();
      const bool is_end = piece->size == 0;
      hash.update(std::string_view(piece->bytes.data(), piece->size));
      give_back(piece);
      if (is_end) return hash.finish();
    }
  }

  std::shared_ptr<Piece> take_unhashed() {
    std::unique_lock lock(mutex_);
    unhashed_comes_.wait(lock, [this] { return unwanted_ || !unhashed_.empty(); });
    if (unwanted_) throw Unwanted{};
    return pop(unhashed_);
  }

  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable unread_comes_;
  std::condition_variable unhashed_comes_;
  std::condition_variable digest_comes_;
  std::deque<std::shared_ptr<Piece>> unread_;
  std::deque<std::shared_ptr<Piece>> unhashed_;
  std::vector<base::Digest> digests_;
  std::exception_ptr hash_failure_;
  std::vector<std::vector<char>> free_;
  bool unwanted_ = false;
  base::Workers workers_;  // last: it uses all the rest
};

class ReadAhead::Ahead final : public Input {
 public:
  explicit Ahead(Queue& queue) : queue_(queue) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (left_.empty()) fetch();
    const auto count = left_.copy(buffer, capacity);
    left_.remove_prefix(count);
    return count;
  }

  std::string_view piece(std::span<char> /*room*/) override {
    if (left_.empty()) fetch();
    return std::exchange(left_, {});
  }

 private:
  void fetch() {
    if (ended_) return;
    if (piece_) queue_.give_back(piece_);
    piece_ = queue_.take();
    if (piece_->error) std::rethrow_exception(piece_->error);
    ended_ = piece_->size == 0;
    left_ = {piece_->bytes.data(), piece_->size};
  }

  Queue& queue_;
  std::shared_ptr<Piece> piece_;
  std::string_view left_;  // of it
  bool ended_ = false;
};

ReadAhead::ReadAhead(std::size_t count, Open open)
    : open_(std::move(open)), queue_(std::make_unique<Queue>(count, open_)) {}

ReadAhead::~ReadAhead() = default;

Input& ReadAhead::next() {
  const auto number = next_++;
  if (queue_->has_threads()) {
    current_ = std::make_unique<Ahead>(*queue_);
  } else {
    auto hashing = std::make_unique<HashingInput>(open_(number));
    hashing_ = hashing.get();
    current_ = std::move(hashing);
  }
  return *current_;
}

base::Digest ReadAhead::digest(std::uint64_t limit) {
  if (hashing_ != nullptr) return hashing_->finish(limit);
  drain(*current_, limit);
  return queue_->digest(next_ - 1);
}

}  // namespace archive
