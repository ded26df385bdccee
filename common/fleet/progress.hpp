// How a put of a fleet shows itself: a line for each image that is done, with how many there are; now and then how long
// it will take; and a table at the end, in which what needs a person stands last.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "fleet/record.hpp"

namespace fleet {

// Threads share it.
class Progress {
 public:
  Progress(base::Log& log, std::size_t total)
      : log_(log), total_(total), began_(log.clock().steady_now()), said_(began_) {}
  void done(const FleetImage& image);

 private:
  base::Log& log_;
  std::size_t total_;
  base::SteadyTime began_;
  std::mutex mutex_;  // guards what follows
  std::size_t done_ = 0;
  base::SteadyTime said_;
};

// "r.example.com/acme/app:main rebased 3f2a... -> 9bd1... in 310 ms"
[[nodiscard]] std::string line_of(const FleetImage& image);

// IMAGE, FROM, TO, STATE, TIME, REASON. Of states that need nobody and have many images, the first few are shown and
// the others counted.
[[nodiscard]] std::vector<std::string> table_of(const FleetRecord& record);

}  // namespace fleet
