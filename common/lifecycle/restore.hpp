// The restoration: what an earlier build left for this one (platform.md "restorer"). From the previous image come the
// descriptions of its layers, so that a buildpack can keep a layer without making it again; from the cache come
// contents.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/cache.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct Restored {
  std::size_t described = 0;  // layers whose <layer>.toml was written
  std::size_t layers = 0;     // whose contents were brought back
  std::uint64_t bytes = 0;    // of these, compressed
};

// Writes store.toml, <layer>.toml, contents and SBOMs of the group's buildpacks, as the builder's user's. A cached
// layer that cannot be brought back is left out, and the log says so.
[[nodiscard]] Restored restore(registry::Client& client, const Platform& platform, const buildpacks::Group& group,
                               const std::optional<PreviousImage>& previous, const std::optional<CacheImage>& cache,
                               base::Log& log);

}  // namespace lifecycle
