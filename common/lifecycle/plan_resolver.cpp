#include "lifecycle/plan_resolver.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"

namespace lifecycle {
namespace {

using buildpacks::GroupElement;

constexpr std::size_t most_combinations = 1'000'000;

struct Option {
  GroupElement buildpack;
  const buildpacks::PlanSection* section;
};
using Trial = std::vector<Option>;

struct Dependency {
  std::vector<GroupElement> providers;  // that a later requirement found
  std::vector<GroupElement> unused_providers;
  std::vector<GroupElement> early;  // that require it before anyone provides it
  std::vector<buildpacks::Require> requires_;
};
// Sorted by name: the reference's order is that of a Go map, which is random.
using Dependencies = std::map<std::string, Dependency>;

Dependencies collect(const Trial& trial) {
  Dependencies dependencies;
  for (const auto& option : trial) {
    for (const auto& name : option.section->provides) dependencies[name].unused_providers.push_back(option.buildpack);
    for (const auto& require : option.section->requires_) {
      auto& dependency = dependencies[require.name];
      dependency.providers.insert(dependency.providers.end(), dependency.unused_providers.begin(),
                                  dependency.unused_providers.end());
      dependency.unused_providers.clear();
      if (dependency.providers.empty()) {
        dependency.early.push_back(option.buildpack);
      } else {
        dependency.requires_.push_back(require);
      }
    }
  }
  return dependencies;
}

class Resolver {
 public:
  Resolver(const std::vector<Candidate>& candidates, const std::function<void(const std::string&)>& explain)
      : candidates_(candidates), explain_(explain) {}

  std::optional<Resolution> run(Trial& prefix) {
    if (prefix.size() == candidates_.size()) return attempt(prefix);
    const auto& candidate = candidates_[prefix.size()];
    for (std::size_t i = 0; i < candidate.sections.size(); ++i) {
      auto buildpack = candidate.buildpack;
      // Before its last alternative a buildpack must fit: else the optional one would be dropped too early.
      buildpack.optional = buildpack.optional && i + 1 == candidate.sections.size();
      prefix.push_back({std::move(buildpack), &candidate.sections[i]});
      auto result = run(prefix);
      prefix.pop_back();
      if (result) return result;
    }
    return std::nullopt;
  }

 private:
  std::optional<Resolution> attempt(Trial trial) {
    if (++attempts_ > most_combinations) {
      throw base::Error(base::ErrorKind::usage, {"resolve the build plan", "",
                                                 "the buildpacks of one group offer more than a million combinations",
                                                 "use fewer alternatives ([[or]]) in their build plans"});
    }
    while (true) {
      auto dependencies = collect(trial);
      const auto misfits = find_misfits(dependencies);
      if (misfits.empty()) {
        if (trial.empty()) return std::nullopt;
        return resolution(trial, std::move(dependencies));
      }
      for (const auto& misfit : misfits) {
        if (!misfit.optional) return std::nullopt;
        std::erase_if(trial, [&](const Option& option) { return option.buildpack == misfit; });
      }
    }
  }

  std::vector<GroupElement> find_misfits(const Dependencies& dependencies) const {
    std::vector<GroupElement> misfits;
    const auto note = [&](const GroupElement& element, const char* verb, const std::string& name) {
      explain_(fmt::format("{}: {} {} {}", element.optional ? "skip" : "fail", element.text(), verb, name));
      misfits.push_back(element);
    };
    for (const auto& [name, dependency] : dependencies) {
      for (const auto& element : dependency.early) note(element, "requires", name);
    }
    for (const auto& [name, dependency] : dependencies) {
      for (const auto& element : dependency.unused_providers) note(element, "provides unused", name);
    }
    return misfits;
  }

  static Resolution resolution(const Trial& trial, Dependencies&& dependencies) {
    Resolution result;
    for (const auto& option : trial) {
      result.group.push_back(option.buildpack);
      result.group.back().optional = false;
    }
    for (auto& [name, dependency] : dependencies) {
      result.plan.push_back({name, std::move(dependency.providers), std::move(dependency.requires_)});
    }
    return result;
  }

  const std::vector<Candidate>& candidates_;
  const std::function<void(const std::string&)>& explain_;
  std::size_t attempts_ = 0;
};

}  // namespace

std::optional<Resolution> resolve_plan(const std::vector<Candidate>& candidates,
                                       const std::function<void(const std::string&)>& explain) {
  Trial prefix;
  return Resolver(candidates, explain).run(prefix);
}

}  // namespace lifecycle
