// The restoration: what an earlier build left for this one (platform.md "restorer"). From the previous image come the
// descriptions of its layers, so that a buildpack can keep a layer without making it again.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct Restored {
  std::size_t described = 0;  // layers whose <layer>.toml was written
  std::size_t layers = 0;     // whose contents were brought back
  std::uint64_t bytes = 0;    // of these contents
};

// Writes store.toml and <layer>.toml of the group's buildpacks, as the builder's user.
[[nodiscard]] Restored restore(const Platform& platform, const buildpacks::Group& group,
                               const std::optional<PreviousImage>& previous, base::Log& log);

}  // namespace lifecycle
