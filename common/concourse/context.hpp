// What a step may know of the world beside its request: the seams that tests replace.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/random.hpp"

namespace concourse {

struct Context {
  const base::Environment& environment;
  base::Log& log;
  base::Clock& clock;
  base::Random& random;
};

// The page of the running build, from ATC_EXTERNAL_URL and BUILD_*; nothing in a check, which has none.
[[nodiscard]] std::optional<std::string> build_url(const base::Environment& environment);

}  // namespace concourse
