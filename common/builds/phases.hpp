// The phases of a build as the log and the build record show them: a heading for each, what it did, how long it took.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"

namespace builds {

// One phase of a build. Seconds; `cpu` is of this process and of the children that it ran.
struct PhaseTime {
  std::string name;
  double seconds = 0;
  double cpu = 0;
};

class Phases {
 public:
  explicit Phases(base::Log& log) : log_(log) {}
  void begin(std::string_view name);
  void end(std::string_view what);
  // The last one as far as it has come, when it has not ended.
  [[nodiscard]] std::vector<PhaseTime> times() const;

 private:
  [[nodiscard]] PhaseTime current() const;

  base::Log& log_;
  std::vector<PhaseTime> ended_;
  std::string_view name_;
  base::SteadyTime started_;
  double cpu_ = 0;
};

}  // namespace builds
