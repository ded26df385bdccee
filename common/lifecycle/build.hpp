// The build: every buildpack of the group in its order (buildpack.md "Phase #3: Build"), each with its part of the plan
// and with what the ones before it made. Touches no network.
#pragma once

#include "base/environment.hpp"
#include "base/log.hpp"
#include "buildpacks/descriptor.hpp"
#include "lifecycle/metadata.hpp"
#include "lifecycle/plan_resolver.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

// Writes <layers>/config/metadata.toml and <layers>/sbom/. Error{usage} when a buildpack fails, {protocol} when it
// leaves behind what the specification forbids.
[[nodiscard]] BuildMetadata build(const Platform& platform, const Resolution& detected,
                                  const buildpacks::Target& run_image, const base::Environment& environment,
                                  base::Log& log);

}  // namespace lifecycle
