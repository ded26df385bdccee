#include "kpack/rebuild.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "kpack/resources.hpp"

namespace kpack {
namespace {

using State = Rebuild::State;

std::string said_by(const Condition& condition) {
  if (condition.message.empty()) return condition.reason;
  return condition.message;
}

bool is_false(const Condition& condition) { return condition.status == "False"; }

Settling failing(std::string what, const Condition& condition) {
  const auto said = said_by(condition);
  return {Settling::State::failing, said.empty() ? what : fmt::format("{}: {}", what, said)};
}

// Whether the builder was made of the target as it was written.
bool has_taken(const Builder& builder, const TargetObject& target, std::int64_t generation) {
  switch (target.target.kind) {
    case TargetKind::stack: {
      const bool is_same = identifier_of(builder.run_image) == identifier_of(target.run_image);
      return is_same && (builder.stack_generation == 0 || builder.stack_generation >= generation);
    }
    case TargetKind::store:
      return builder.store_generation == 0 || builder.store_generation >= generation;
    case TargetKind::builder:
      return builder.observed_generation >= generation;
  }
  return false;
}

const Build* newest_ours(const RebuildAim& aim, const std::vector<Build>& builds) {
  const Build* newest = nullptr;
  for (const auto& build : builds) {
    if (build.owner_uid == aim.uid && (newest == nullptr || build.number > newest->number)) newest = &build;
  }
  return newest;
}

bool knows(const std::vector<Build>& builds, const std::string& name) {
  return name.empty() ||
         std::any_of(builds.begin(), builds.end(), [&](const Build& build) { return build.name == name; });
}

Rebuild waiting(std::string why) { return {State::waiting, 0, std::move(why), false, false}; }

Rebuild running(const Build& build, bool is_of_builder) {
  return {State::waiting, build.number, is_of_builder ? "its build runs" : "an older build of it runs first",
          is_of_builder, true};
}

// kpack compares stack and buildpacks with those of the last build only if that one succeeded.
Rebuild after_failure(const Build& build, bool is_of_builder) {
  auto why = is_of_builder ? std::string()
                           : fmt::format(
                                 "its last build, #{}, failed, and kpack takes no new stack or buildpack to "
                                 "an Image after that",
                                 build.number);
  return {State::failed, build.number, std::move(why), is_of_builder, false};
}

}  // namespace

std::string identifier_of(const std::string& reference) {
  if (const auto at = reference.find('@'); at != std::string::npos) return reference.substr(at + 1);
  const auto slash = reference.rfind('/');
  const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos ? "latest" : reference.substr(colon + 1);
}

Settling settling_of(const TargetObject& target, std::int64_t generation) {
  const auto name = text_of(target.target);
  if (target.observed_generation < generation) {
    return {Settling::State::waiting, fmt::format("kpack has not looked at the {} yet", name)};
  }
  // A builder is judged as one: it stays ready by what it was made of before.
  if (target.target.kind == TargetKind::builder) return {Settling::State::settled, ""};
  if (target.ready.status == "True") return {Settling::State::settled, ""};
  if (is_false(target.ready)) return failing(fmt::format("the {} is not ready", name), target.ready);
  return {Settling::State::waiting, fmt::format("the {} is not ready yet", name)};
}

Settling settling_of(const Builder& builder, const TargetObject& target, std::int64_t generation) {
  const auto name = text_of(builder.reference);
  const bool is_looked_at = builder.observed_generation >= builder.generation;
  const bool is_taken = has_taken(builder, target, generation);
  if (is_looked_at && is_false(builder.ready)) return failing(fmt::format("the {} is not ready", name), builder.ready);
  // A builder that could not be made anew keeps what it was made of, and this condition tells it.
  if (is_looked_at && is_false(builder.up_to_date)) {
    return failing(fmt::format("the {} is not up to date", name), builder.up_to_date);
  }
  if (!is_looked_at || builder.ready.status != "True" || !is_taken) {
    return {Settling::State::waiting, fmt::format("the {} has not been made anew yet", name)};
  }
  return {Settling::State::settled, ""};
}

std::vector<builds::Reason> reasons_to_rebuild(const Build& build, const Builder& builder) {
  std::vector<builds::Reason> reasons;
  const bool is_there = std::all_of(build.buildpacks.begin(), build.buildpacks.end(), [&](const Buildpack& used) {
    return std::any_of(builder.buildpacks.begin(), builder.buildpacks.end(),
                       [&](const Buildpack& known) { return known.id == used.id && known.version == used.version; });
  });
  if (!is_there) reasons.push_back(builds::Reason::buildpack);
  if (identifier_of(build.run_image) != identifier_of(builder.run_image)) reasons.push_back(builds::Reason::stack);
  return reasons;
}

Rebuild judge_rebuild(const RebuildAim& aim, const Image* image, const std::vector<Build>& builds,
                      const Builder& builder) {
  if (image == nullptr || image->uid != aim.uid)
    return {State::left, 0, "the Image was deleted meanwhile", false, false};
  if (!(image->builder == aim.builder)) {
    return {State::left, 0, fmt::format("the Image was given the {} meanwhile", text_of(image->builder)), false, false};
  }
  // The Image's status speaks of a Build that has not been seen yet.
  if (!knows(builds, image->latest_build)) return waiting("a build is about to be seen");
  const auto* newest = newest_ours(aim, builds);
  if (newest == nullptr) {
    if (aim.newest_before > 0) return waiting("kpack has deleted its builds");
    return {State::unbuilt, 0, "it has never been built: its first build will be by what is there now", false, false};
  }
  const bool is_of_builder = identifier_of(newest->builder_image) == identifier_of(builder.latest_image);
  if (newest->state == BuildState::running) return running(*newest, is_of_builder);
  if (newest->state == BuildState::failed && newest->number == aim.annotated) {
    return waiting("kpack has not made the build yet (TRIGGER)");
  }
  if (newest->state == BuildState::failed) return after_failure(*newest, is_of_builder);
  const auto reasons = reasons_to_rebuild(*newest, builder);
  if (!reasons.empty()) {
    return waiting(fmt::format("kpack has not made the build yet ({})", builds::names_of(reasons)));
  }
  const bool is_new = newest->number > aim.succeeded_before;
  return {is_new ? State::rebuilt : State::current, newest->number, "", true, false};
}

}  // namespace kpack
