// Inputs that are read one after another, ahead of whoever uses them and on a thread of its own: decompressing goes on
// while files are written, from one input into the next. Bounded: no more than some megabytes are ahead.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "archive/input.hpp"

namespace archive {

class ReadAhead {
 public:
  // Opens the input of a number; called on the other thread, in order, and on the caller's where there is no other.
  using Open = std::function<std::unique_ptr<Input>(std::size_t)>;

  ReadAhead(std::size_t count, Open open);
  // Stops what is under way: `open` and the inputs should not wait for ever.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  // The next input, to be read to its end before the one after it is asked for; it lives as long as this. What went
  // wrong on the other thread is thrown by its read().
  [[nodiscard]] std::unique_ptr<Input> next();

 private:
  class Queue;
  class Ahead;
  std::size_t next_ = 0;
  Open open_;
  std::unique_ptr<Queue> queue_;
};

}  // namespace archive
