#include "lifecycle/detect.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"
#include "lifecycle/environment.hpp"
#include "lifecycle/executor.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;
using buildpacks::Descriptor;
using buildpacks::Group;
using buildpacks::GroupElement;
using buildpacks::Order;

// Composite buildpacks may name each other; deeper than this they name themselves.
constexpr int deepest_order = 32;
constexpr std::uint64_t largest_plan = 1ULL << 20U;
constexpr std::size_t most_output_kept = 256UL * 1024;
constexpr int detect_failed = 100;

struct Outcome {
  int code = 0;  // of bin/detect; -1 when it could not be run or wrote a bad plan
  std::string output;
  std::string problem;
  std::vector<buildpacks::PlanSection> sections;
};

class Detector {
 public:
  Detector(const Platform& platform, const buildpacks::Target& run_image, const base::Environment& environment)
      : platform_(platform),
        run_image_(run_image),
        environment_(environment, platform.home),
        store_(platform.cnb / "buildpacks") {}

  std::optional<Resolution> run(const Order& order) { return try_order(order, {}, {}, Presence::required, 0); }

  // The buildpacks that broke a group which needed them, with what they did; empty when nothing fitted.
  [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }
  [[nodiscard]] const std::map<std::string, Outcome>& outcomes() const { return outcomes_; }

 private:
  enum class Presence { required, optional };
  using Pending = std::vector<std::pair<std::string, Descriptor>>;

  // Depth first through the groups, as the specification resolves orders: `next` is what follows the order that
  // stands here, `done` what has been passed already.
  std::optional<Resolution> try_order(const Order& order, const Group& done, const Group& next, Presence presence,
                                      int depth) {
    if (depth > deepest_order) {
      throw Error(ErrorKind::usage,
                  {"resolve the order of buildpacks", "", "composite buildpacks name one another in a circle",
                   "mend the builder's buildpack.toml files"});
    }
    for (auto group : order) {
      group.insert(group.end(), next.begin(), next.end());
      if (auto found = try_group(group, done, depth)) return found;
    }
    return presence == Presence::optional ? try_group(next, done, depth) : std::nullopt;
  }

  std::optional<Resolution> try_group(const Group& group, Group done, int depth) {
    Pending pending;
    for (std::size_t i = 0; i < group.size(); ++i) {
      const auto& element = group[i];
      const auto is_it = [&](const GroupElement& other) { return other.id == element.id; };
      if (std::any_of(done.begin(), done.end(), is_it)) continue;
      auto descriptor = store_.find(element);
      if (!descriptor.order.empty()) {
        detect_all(pending);
        return try_order(descriptor.order, done, Group(group.begin() + static_cast<std::ptrdiff_t>(i) + 1, group.end()),
                         element.optional ? Presence::optional : Presence::required, depth + 1);
      }
      if (!serves_environment(descriptor)) continue;
      auto passed = element;
      passed.api = descriptor.api.text();
      passed.homepage = descriptor.homepage;
      done.push_back(passed);
      if (!serves_target(descriptor) && !element.optional) {
        outcomes_[element.text()] = {-1, "", "it does not serve the run image's operating system or architecture", {}};
      } else {
        pending.emplace_back(element.text(), std::move(descriptor));
      }
    }
    detect_all(pending);
    return resolve(done);
  }

  [[nodiscard]] bool serves_environment(const Descriptor& descriptor) const {
    const auto& known = descriptor.execution_environments;
    if (platform_.api < buildpacks::ApiVersion{0, 15} || known.empty()) return true;
    return std::any_of(known.begin(), known.end(),
                       [&](const std::string& name) { return name == "*" || name == platform_.execution_environment; });
  }

  [[nodiscard]] bool serves_target(const Descriptor& descriptor) const {
    const auto fits = [&](const auto& target) { return serves(target, run_image_); };
    return descriptor.targets.empty() || std::any_of(descriptor.targets.begin(), descriptor.targets.end(), fits);
  }

  // All at once, as the reference does: the programs of a group do not know of each other.
  void detect_all(Pending& pending) {
    std::vector<std::pair<std::string, const Descriptor*>> next;
    for (const auto& [key, descriptor] : pending) {
      if (!outcomes_.contains(key)) next.emplace_back(key, &descriptor);
    }
    std::vector<Outcome> outcomes(next.size());
    base::for_each_parallel(next.size(), next.size(),
                            [&](std::size_t i) { outcomes[i] = detect_one(*next[i].second); });
    for (std::size_t i = 0; i < next.size(); ++i) outcomes_[next[i].first] = std::move(outcomes[i]);
    pending.clear();
  }

  [[nodiscard]] Outcome detect_one(const Descriptor& descriptor) const {
    Outcome outcome;
    const ExchangeDirectory exchange(platform_, "detect");
    const auto plan = exchange.path() / "plan.toml";
    {
      const FilesAsBuilder as_builder(platform_.identity);
      base::write_file(plan, "", 0600);
    }
    try {
      const auto status = execute(platform_, command(descriptor, plan), [&](std::string_view bytes) {
        outcome.output += bytes.substr(0, most_output_kept - std::min(most_output_kept, outcome.output.size()));
      });
      outcome.code = status.signal != 0 ? -1 : status.code;
      if (status.signal != 0) outcome.problem = "its bin/detect was " + base::describe(status);
      if (outcome.code == 0) {
        const FilesAsBuilder as_builder(platform_.identity);
        outcome.sections =
            buildpacks::parse_build_plan(base::read_file(plan, largest_plan), "the build plan of " + descriptor.id);
      }
    } catch (const Error& error) {
      outcome.code = -1;
      outcome.problem = error.what();
    }
    return outcome;
  }

  [[nodiscard]] Run command(const Descriptor& descriptor, const std::filesystem::path& plan) const {
    using Settings = BuildEnvironment::UserSettings;
    Run run{descriptor.root / "bin/detect", {platform_.settings.string(), plan.string()}, {}};
    const FilesAsBuilder as_builder(platform_.identity);
    run.variables = environment_.with_overrides(platform_.settings, platform_.cnb / "build-config",
                                                descriptor.clear_env ? Settings::cleared : Settings::seen);
    run.variables["CNB_BUILDPACK_DIR"] = descriptor.root.string();
    if (descriptor.api >= buildpacks::ApiVersion{0, 8}) {
      run.variables["CNB_PLATFORM_DIR"] = platform_.settings.string();
      run.variables["CNB_BUILD_PLAN_PATH"] = plan.string();
    }
    if (descriptor.api >= buildpacks::ApiVersion{0, 10}) add_target(run.variables, run_image_);
    if (descriptor.api >= buildpacks::ApiVersion{0, 12})
      run.variables["CNB_EXEC_ENV"] = platform_.execution_environment;
    return run;
  }

  std::optional<Resolution> resolve(const Group& done) {
    std::vector<Candidate> candidates;
    bool fits = true;
    std::vector<std::string> broken;
    notes_.push_back(fmt::format("group {}:", ++groups_));
    for (const auto& element : done) {
      const auto& outcome = outcomes_.at(element.text());
      if (outcome.code == 0) {
        notes_.push_back(fmt::format("  pass: {}", element.text()));
        candidates.push_back({element, outcome.sections});
        continue;
      }
      fits = fits && element.optional;
      if (outcome.code == detect_failed) {
        notes_.push_back(fmt::format("  {}: {}", element.optional ? "skip" : "fail", element.text()));
        continue;
      }
      const auto problem = outcome.problem.empty()
                               ? fmt::format("its bin/detect ended with exit status {}", outcome.code)
                               : outcome.problem;
      broken.push_back(fmt::format("{} ({})", element.text(), problem));
      notes_.push_back("  error: " + broken.back());
    }
    const auto explain = [&](const std::string& why) { notes_.push_back("  " + why); };
    if (fits && !candidates.empty()) {
      if (auto resolution = resolve_plan(candidates, explain)) return resolution;
    } else if (!fits) {
      for (auto& one : broken) {
        if (std::find(broken_.begin(), broken_.end(), one) == broken_.end()) broken_.push_back(std::move(one));
      }
    }
    return std::nullopt;
  }

  const Platform& platform_;
  const buildpacks::Target& run_image_;
  BuildEnvironment environment_;
  buildpacks::Store store_;
  std::map<std::string, Outcome> outcomes_;  // by "id@version": one bin/detect runs once
  std::vector<std::string> notes_;
  int groups_ = 0;
  std::vector<std::string> broken_;
};

// Output of broken buildpacks is shown in any case, that of the others only when nothing fitted.
void explain(const Detector& detector, base::Log& log, bool everything) {
  for (const auto& [name, outcome] : detector.outcomes()) {
    const bool broken = outcome.code != 0 && outcome.code != detect_failed;
    if (outcome.output.empty() || (!broken && !everything)) continue;
    log.info(fmt::format("output of {}:", name));
    log.output(outcome.output);
    log.end_output();
  }
  for (const auto& note : detector.notes()) everything ? log.info(note) : log.debug(note);
}

}  // namespace

bool serves(const buildpacks::Target& offered, const buildpacks::Target& wanted) {
  const auto matches = [](const std::string& a, const std::string& b) { return a.empty() || b.empty() || a == b; };
  if (!matches(offered.os, wanted.os) || !matches(offered.architecture, wanted.architecture) ||
      !matches(offered.variant, wanted.variant)) {
    return false;
  }
  if (offered.distributions.empty()) return true;
  if (wanted.distributions.empty()) return false;
  const auto& base = wanted.distributions.front();
  return std::any_of(offered.distributions.begin(), offered.distributions.end(), [&](const auto& distribution) {
    return matches(distribution.name, base.name) && matches(distribution.version, base.version);
  });
}

Resolution detect(const Platform& platform, const buildpacks::Target& run_image, const base::Environment& environment,
                  base::Log& log) {
  auto order = buildpacks::read_order(platform.cnb / "order.toml");
  if (platform.api >= buildpacks::ApiVersion{0, 15}) {
    order = buildpacks::with_system_buildpacks(std::move(order), platform.cnb / "system.toml");
  }
  const Containment containment;
  Detector detector(platform, run_image, environment);
  auto resolution = detector.run(order);
  explain(detector, log, !resolution.has_value());
  if (!resolution) {
    std::string cause = "no group of buildpacks passed";
    for (const auto& one : detector.broken()) {
      cause += (&one == &detector.broken().front() ? ", and a buildpack failed: " : ", ") + one;
    }
    throw Error(ErrorKind::usage, {"detect buildpacks for", platform.fields.source, std::move(cause),
                                   "each buildpack's result stands above; check that the source's root is what " +
                                       platform.fields.source + " names"});
  }
  std::size_t width = 0;
  for (const auto& element : resolution->group) width = std::max(width, element.id.size());
  for (const auto& element : resolution->group) log.info(fmt::format("{:<{}} {}", element.id, width, element.version));
  return *std::move(resolution);
}

}  // namespace lifecycle
