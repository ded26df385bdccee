#include "image/decision.hpp"

#include "base/error.hpp"
#include "lifecycle/rebase.hpp"

namespace image {
namespace {

using base::Error;
using base::ErrorKind;
using builds::Change;
using builds::Reason;

const Change lost{Reason::trigger, "layers that the registry lost", "the image made whole"};
const Change below_index{Reason::config, "an index of several platforms", "an image of one platform"};

bool is_stack_alone(const std::vector<Change>& changes) {
  return changes.size() == 1 && changes.front().reason == Reason::stack;
}

// What makes an image that could be the answer, or be rebased, one that must be built.
std::optional<Change> damage_of(const Standing& standing) {
  if (standing.previous.image->in_index) return below_index;
  return standing.lost_layers ? std::optional(lost) : std::nullopt;
}

std::vector<Change> find_changes(const Wanted& wanted, const Standing& standing, const lifecycle::RunImage& run_image) {
  std::vector<Change> changes;
  const auto add = [&](const std::vector<Change>& more) { changes.insert(changes.end(), more.begin(), more.end()); };
  if (wanted.force) add({{Reason::trigger, "", "params.force is set"}});
  if (wanted.clear_cache) add({{Reason::trigger, "", "params.clear_cache is set"}});
  const auto& previous = standing.previous.image;
  if (!previous) {
    const auto& why = standing.previous.unusable;
    add({why.empty() ? Change{Reason::config, "", "the first build of " + wanted.target}
                     : Change{Reason::config, "an image that is of no use: " + why, "an image that buildpacks built"}});
    return changes;
  }
  const auto label = previous->image.label(lifecycle::label::project_metadata).value_or("{}");
  add(lifecycle::compare(lifecycle::parse_build_inputs(label), wanted.inputs));
  add(lifecycle::compare_buildpacks(*previous, wanted.builder));
  add(lifecycle::compare_run_image(*previous, run_image));
  if (changes.empty() || is_stack_alone(changes)) {
    if (const auto damage = damage_of(standing)) changes.insert(changes.begin(), *damage);
  }
  return changes;
}

// Why what differs in the run image alone is built and not rebased; nothing: it is rebased.
std::optional<std::string> obstacle_to_rebase(const Wanted& wanted, const lifecycle::PreviousImage& previous,
                                              const lifecycle::RunImage& run_image) {
  if (wanted.rebase == Rebase::never) return "";
  if (const auto obstacle = lifecycle::obstacle_to_rebase(previous, run_image)) return obstacle;
  if (lifecycle::is_own_run_image(previous, run_image)) return std::nullopt;
  return "the image was built on " + previous.metadata.run_image.name.image;
}

}  // namespace

Decision decide(const Wanted& wanted, const Standing& standing, const lifecycle::RunImage& run_image) {
  auto changes = find_changes(wanted, standing, run_image);
  if (changes.empty()) return {Action::unchanged, {}, ""};
  if (!is_stack_alone(changes)) return {Action::build, std::move(changes), ""};
  auto obstacle = obstacle_to_rebase(wanted, *standing.previous.image, run_image);
  if (!obstacle) return {Action::rebase, std::move(changes), ""};
  return {Action::build, std::move(changes), *std::move(obstacle)};
}

Decision decide_rebase(const std::string& target, bool force, const Standing& standing,
                       const std::optional<lifecycle::RunImage>& run_image) {
  const auto& previous = standing.previous.image;
  if (!previous || !run_image) {
    const auto& why = standing.previous.unusable;
    throw Error(ErrorKind::not_found,
                {"rebase", target, "there is no image that buildpacks built" + (why.empty() ? "" : ": " + why),
                 "build it first: params.source, without rebase: only"});
  }
  if (const auto damage = damage_of(standing)) {
    throw Error(ErrorKind::usage, {"rebase", target, "it is " + damage->before, "build it anew"});
  }
  if (!force && !lifecycle::is_own_run_image(*previous, *run_image)) {
    throw Error(ErrorKind::usage, {"rebase", target,
                                   "it was built on " + previous->metadata.run_image.name.image + ", not on " +
                                       run_image->reference.repository.text(),
                                   "set params.force if that is meant"});
  }
  auto changes = lifecycle::compare_run_image(*previous, *run_image);
  return {changes.empty() ? Action::unchanged : Action::rebase, std::move(changes), ""};
}

}  // namespace image
