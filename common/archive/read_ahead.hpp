// Inputs that are read one after another, ahead of whoever uses them: decompressing goes on while files are written,
// from one input into the next, and so does hashing, each on a thread of its own. Bounded: no more than some megabytes
// are ahead.
//
//   open(i) --> a thread reads --> [ 4 MB of pieces ] --> next(): the caller's thread
//                                          \--> a thread hashes --> digest()
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "archive/input.hpp"

namespace archive {

class ReadAhead {
 public:
  // Opens the input of a number; called on the reading thread, in order, and on the caller's where there are no others.
  using Open = std::function<std::unique_ptr<Input>(std::size_t)>;

  ReadAhead(std::size_t count, Open open);
  // Stops what is under way: `open` and the inputs should not wait for ever.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next input, to be read to its end before the one after it is asked for; it lives as long as this. What went
  // wrong on the other thread is thrown by its read().
  [[nodiscard]] Input& next();
  // Of the input that next() gave last, whose rest is read (drain()). Once.
  [[nodiscard]] base::Digest digest(std::uint64_t limit = 1ULL << 30U);

 private:
  class Queue;
  class Ahead;
  std::size_t next_ = 0;
  Open open_;
  std::unique_ptr<Queue> queue_;
  std::unique_ptr<Input> current_;
  HashingInput* hashing_ = nullptr;  // that it is where no thread hashes
};

}  // namespace archive
