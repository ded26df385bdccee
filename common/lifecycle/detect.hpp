// Detection: which buildpacks take part (buildpack.md "Phase #1: Detection"). Reads the builder and the application,
// runs every bin/detect of a group, resolves its build plan, and takes the first group that fits.
#pragma once

#include "base/environment.hpp"
#include "base/log.hpp"
#include "buildpacks/descriptor.hpp"
#include "lifecycle/plan_resolver.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

// Error{usage} when no group fits, with each buildpack's result in the log.
[[nodiscard]] Resolution detect(const Platform& platform, const buildpacks::Target& run_image,
                                const base::Environment& environment, base::Log& log);

// Whether a buildpack that serves `offered` can build for the base image `wanted` (platform.md "Target").
[[nodiscard]] bool serves(const buildpacks::Target& offered, const buildpacks::Target& wanted);

}  // namespace lifecycle
