// Registries that could not be reached: what was tried for one of their images, with all its patience, is not tried for
// a thousand others. It is said of one put; the next one tries again. Threads share it.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/error.hpp"
#include "fleet/plan.hpp"

namespace fleet {

class Reachability {
 public:
  // The verdict of an image on a host that is known to be away.
  [[nodiscard]] std::optional<Verdict> verdict(const std::string& host) const;
  // Learns from what failed for an image there.
  void note(const std::string& host, const base::Error& error);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> causes_;  // by host
};

}  // namespace fleet
