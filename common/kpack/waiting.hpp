// What a put says while it waits: what for, when that changes, and again at most once a minute.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace kpack {

class Waiting {
 public:
  // The line to print now; nothing while there is nothing new to say. A text in which only durations
  // change, as those of a back-off do, is the same one.
  [[nodiscard]] std::optional<std::string> say(const std::string& what, base::SteadyTime now);
  // What was said last, for the message of a timeout; empty: nothing was.
  [[nodiscard]] const std::string& last() const { return last_; }
  // It waits no more.
  void forget() { last_.clear(); }

 private:
  std::string last_;
  base::SteadyTime began_;
  base::SteadyTime said_;
};

}  // namespace kpack
