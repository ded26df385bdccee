// The build plan: what bin/detect provides and requires (buildpack.md "Build Plan"), and the entries that detection
// resolves for bin/build ("Buildpack Plan").
#pragma once

#include <string>
#include <vector>

#include "buildpacks/order.hpp"
#include "buildpacks/toml.hpp"

namespace buildpacks {

struct Require {
  std::string name;
  std::optional<Toml> metadata;
};

// One way to take part; a plan has several when it uses [[or]].
struct PlanSection {
  std::vector<std::string> provides;
  std::vector<Require> requires_;
};

// What a bin/detect wrote: the plan itself, then its alternatives. An empty file is one empty section.
// Error{protocol} also for the top-level `version` that newer specifications forbid.
[[nodiscard]] std::vector<PlanSection> parse_build_plan(std::string_view text, const std::string& what);

// A dependency with those that provide it and the requirements for it.
struct PlanEntry {
  std::string name;
  std::vector<GroupElement> providers;
  std::vector<Require> requires_;
};

using Plan = std::vector<PlanEntry>;

// The requirements that buildpack `id` is expected to meet.
[[nodiscard]] std::vector<Require> requirements_for(const Plan& plan, std::string_view id);
// The plan without the entries of these names: they have been met.
[[nodiscard]] Plan without(Plan plan, const std::vector<std::string>& met);
// The file that bin/build reads.
[[nodiscard]] std::string buildpack_plan_toml(const std::vector<Require>& entries);

}  // namespace buildpacks
