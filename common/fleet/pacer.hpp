// Keeps writes to each registry at the rate that its user gave (params.rate): registries count them by the minute and
// answer 429 beyond. Writes are spread evenly, whoever of the put's threads makes them.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace fleet {

// Threads share it.
class Pacer {
 public:
  // Writes a minute; nothing: as fast as it goes.
  Pacer(base::Clock& clock, std::optional<std::uint32_t> rate) : clock_(clock), rate_(rate) {}

  // Waits until `writes` more requests may be sent to the host. Throws base::Aborted when the step is told to end.
  void take(const std::string& host, std::uint32_t writes);

 private:
  base::Clock& clock_;
  std::optional<std::uint32_t> rate_;
  std::mutex mutex_;  // guards the map, never the waiting
  std::map<std::string, base::SteadyTime> next_;
};

}  // namespace fleet
