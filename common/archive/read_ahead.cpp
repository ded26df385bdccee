#include "archive/read_ahead.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "base/parallel.hpp"
#include "base/termination.hpp"

namespace archive {
namespace {

constexpr std::size_t block_size = 256UL * 1024;
constexpr std::size_t most_blocks = 16;

// Some bytes of an input; none: its end, or why it has none.
struct Piece {
  std::vector<char> bytes;
  std::size_t size = 0;
  std::exception_ptr error;
};

// Ends the reading when nobody wants its bytes any more.
struct Unwanted {};

}  // namespace

class ReadAhead::Queue {
 public:
  Queue(std::size_t count, const Open& open) : workers_(1) {
    static_cast<void>(workers_.submit([this, count, open] { fill(count, open); }));
  }

  ~Queue() {
    {
      const std::lock_guard lock(mutex_);
      unwanted_ = true;
    }
    changed_.notify_all();
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  [[nodiscard]] bool has_thread() const { return workers_.threads() > 0; }

  Piece take() {
    constexpr std::chrono::milliseconds look{100};
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, look, [this] { return !pieces_.empty(); })) base::throw_if_terminated();
    Piece piece = std::move(pieces_.front());
    pieces_.pop_front();
    // Whoever waits for room is woken where there is some worth waking for.
    if (pieces_.size() == most_blocks / 2) changed_.notify_all();
    return piece;
  }

  void give_back(std::vector<char> bytes) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(bytes));
  }

 private:
  void fill(std::size_t count, const Open& open) {
    try {
      for (std::size_t i = 0; i < count; ++i) {
        const auto input = open(i);
        while (true) {
          Piece piece{block(), 0, nullptr};
          piece.size = input->read(piece.bytes.data(), piece.bytes.size());
          const bool is_end = piece.size == 0;
          add(std::move(piece));
          if (is_end) break;
        }
      }
    } catch (const Unwanted&) {
    } catch (...) {
      const std::lock_guard lock(mutex_);
      pieces_.push_back({{}, 0, std::current_exception()});
      changed_.notify_all();
    }
  }

  std::vector<char> block() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return std::vector<char>(block_size);
    auto bytes = std::move(free_.back());
    free_.pop_back();
    return bytes;
  }

  void add(Piece piece) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return unwanted_ || pieces_.size() < most_blocks; });
    if (unwanted_) throw Unwanted{};
    pieces_.push_back(std::move(piece));
    if (pieces_.size() == 1) changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Piece> pieces_;
  std::vector<std::vector<char>> free_;
  bool unwanted_ = false;
  base::Workers workers_;  // last: it uses all the rest
};

class ReadAhead::Ahead final : public Input {
 public:
  explicit Ahead(Queue& queue) : queue_(queue) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (ended_) return 0;
    if (position_ == piece_.size) fetch();
    const std::string_view rest(piece_.bytes.data() + position_, piece_.size - position_);
    const auto count = rest.copy(buffer, capacity);
    position_ += count;
    return count;
  }

 private:
  void fetch() {
    if (!piece_.bytes.empty()) queue_.give_back(std::move(piece_.bytes));
    piece_ = queue_.take();
    position_ = 0;
    if (piece_.error) std::rethrow_exception(piece_.error);
    ended_ = piece_.size == 0;
  }

  Queue& queue_;
  Piece piece_;
  std::size_t position_ = 0;
  bool ended_ = false;
};

ReadAhead::ReadAhead(std::size_t count, Open open)
    : open_(std::move(open)), queue_(std::make_unique<Queue>(count, open_)) {}

ReadAhead::~ReadAhead() = default;

std::unique_ptr<Input> ReadAhead::next() {
  const auto number = next_++;
  if (!queue_->has_thread()) return open_(number);
  return std::make_unique<Ahead>(*queue_);
}

}  // namespace archive
