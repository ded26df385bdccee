// Resolving the build plan of a group (buildpack.md "Build Plan", "Phase #1: Detection"): which alternatives of which
// buildpacks fit together. A pure function of what their bin/detect wrote.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "buildpacks/plan.hpp"

namespace lifecycle {

// A buildpack that passed, with its ways to take part.
struct Candidate {
  buildpacks::GroupElement buildpack;
  std::vector<buildpacks::PlanSection> sections;
};

struct Resolution {
  buildpacks::Group group;
  buildpacks::Plan plan;
};

// The first combination in which everything required is provided before, and everything provided is required after;
// an optional buildpack that does not fit is left out, but only in its last alternative. `explain` is told why a
// combination does not fit. Error{usage} when there are more than a million combinations.
[[nodiscard]] std::optional<Resolution> resolve_plan(const std::vector<Candidate>& candidates,
                                                     const std::function<void(const std::string&)>& explain);

}  // namespace lifecycle
