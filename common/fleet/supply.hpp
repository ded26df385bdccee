// Blobs that many repositories need, each brought to a registry once: within a registry they are mounted, and where the
// origin is on another one, or may not be mounted from, the first repository that got it serves the others. Threads
// share it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "registry/client.hpp"

namespace fleet {

class Supply {
 public:
  explicit Supply(registry::Client& client) : client_(client) {}

  // Errors as registry::Client has them. One caller waits for another only while the blob is sent.
  void bring(const registry::Repository& to, const registry::Repository& origin, const registry::Descriptor& blob);

 private:
  struct Place {
    std::mutex mutex;  // held while the blob is on its way to the registry
    std::optional<registry::Repository> source;
    bool origin_refused = false;
  };

  Place& place(const std::string& host, const registry::Digest& digest);

  registry::Client& client_;
  std::mutex mutex_;  // guards the map
  std::map<std::pair<std::string, registry::Digest>, std::unique_ptr<Place>> places_;
};

}  // namespace fleet
