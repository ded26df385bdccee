// What a put says while it waits: what for, once it has waited for that for a moment, and again at most once a minute.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"

namespace kpack {

class Waiting {
 public:
  // The line to print now; nothing while there is nothing new to say. What passes within two seconds is not worth a
  // line, unless it is one of many that have passed for a minute. A text in which only durations change, as those of a
  // back-off do, is the same one.
  [[nodiscard]] std::optional<std::string> say(const std::string& what, base::SteadyTime now);
  // What it waits for, said or not, for the message of a timeout; empty: nothing.
  [[nodiscard]] const std::string& last() const { return last_; }
  // It waits no more.
  void forget() { last_.clear(); }

 private:
  std::string last_;
  bool is_said_ = false;
  base::SteadyTime began_;  // to wait for the last text
  base::SteadyTime said_;   // anything; before that: began to wait at all
};

}  // namespace kpack
