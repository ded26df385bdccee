// A ready-made image into a repository: what is there is not sent, what another repository of the registry has is
// mounted, the tags move last. Nothing is sent before all that is to be sent was read once and is what it says.
#pragma once

#include <string>
#include <vector>

#include "base/log.hpp"
#include "image/ready_made.hpp"
#include "registry/client.hpp"

namespace image {

struct ReadyTarget {
  registry::Repository repository;
  std::vector<std::string> tags;  // the first is watched
};

struct ReadyPushed {
  bool was_unchanged = false;  // every tag named it before
  bool was_known = false;      // the registry had it, and other tags or none named it
  std::size_t present = 0;     // blobs that were there
  std::size_t mounted = 0;
  std::size_t sent = 0;
  std::uint64_t bytes = 0;    // of the sent ones
  std::size_t referrers = 0;  // that were not there
};

// `name` is the image's, for errors. Errors as registry::Client has them, and Error{usage} for what is not whole.
[[nodiscard]] ReadyPushed push_ready_image(registry::Client& client, const ReadyImage& image, const ReadyTarget& target,
                                           const std::string& name, base::Log& log);

}  // namespace image
