#include "kpack/decision.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace kpack {
namespace {

class Decider {
 public:
  Decider(const Aim& aim, const Observation& seen) : aim_(aim), seen_(seen), newest_(newest_of(seen.builds)) {}

  [[nodiscard]] Decision decide() const {
    if (!seen_.image) return {Verdict::gone, 0, "the Image was deleted"};
    if (seen_.image->uid != aim_.uid) return {Verdict::gone, 0, "the Image was deleted and made anew"};
    if (const auto* build = lowest_new()) return {Verdict::follow, build->number, ""};
    if (aim_.annotated > 0) return after_annotation();
    const auto* running = running_before();
    if (running != nullptr && aim_.wish == Aim::Wish::any_build) return {Verdict::follow, running->number, ""};
    if (is_superseded()) return {Verdict::superseded, 0, superseded_text()};
    if (running != nullptr) return {Verdict::trigger, running->number, is_wished()};
    return without_build();
  }

 private:
  [[nodiscard]] std::string is_wished() const { return aim_.fields.trigger + " is set"; }

  [[nodiscard]] const Image& image() const { return *seen_.image; }

  [[nodiscard]] bool is_ours(const Build& build) const { return build.owner_uid == aim_.uid && build.number > 0; }

  [[nodiscard]] bool is_of_source(const Build& build) const {
    return !aim_.source || is_of(build, *aim_.source) ||
           (keeps_commits() && build.image_generation == image().generation);
  }

  // kpack may be told to look at sub_path alone (GIT_RESOLVER_USE_SHALLOW_CLONE): where a commit changes nothing there,
  // it goes on with the commit that it has, which is then the one of the next Builds, too.
  [[nodiscard]] bool keeps_commits() const {
    const auto& source = image().source;
    return aim_.source && aim_.source->kind == Source::Kind::git && source.kind == Source::Kind::git &&
           source.revision == aim_.source->revision && !source.sub_path.empty();
  }

  // Made of what was written, or of something later with the same source.
  [[nodiscard]] bool is_answer(const Build& build) const {
    return is_ours(build) && build.image_generation >= aim_.generation && is_of_source(build);
  }

  [[nodiscard]] const Build* lowest_new() const {
    const auto after = std::max(aim_.newest_before, aim_.annotated);
    const Build* lowest = nullptr;
    for (const auto& build : seen_.builds) {
      if (build.number > after && is_answer(build) && (lowest == nullptr || build.number < lowest->number)) {
        lowest = &build;
      }
    }
    return lowest;
  }

  // Somebody put the same before, and it is still being built.
  [[nodiscard]] const Build* running_before() const {
    return newest_ != nullptr && newest_->state == BuildState::running && is_answer(*newest_) ? newest_ : nullptr;
  }

  // Only the newest Build's annotation counts: where another one came between, for a reason of its own and of another
  // source, that one is annotated.
  [[nodiscard]] Decision after_annotation() const {
    if (is_superseded()) return {Verdict::superseded, 0, superseded_text()};
    if (newest_ != nullptr && newest_->number > aim_.annotated) {
      return {Verdict::trigger, newest_->number, fmt::format("build #{} came between", newest_->number)};
    }
    const bool runs = newest_ != nullptr && newest_->state == BuildState::running;
    return wait(runs ? behind(*newest_) : fmt::format("kpack has not made the build after #{} yet", aim_.annotated));
  }

  // Kpack looked at a later change of the source, and builds none of those between.
  [[nodiscard]] bool is_superseded() const {
    if (!aim_.source || image().generation <= aim_.generation) return false;
    if (image().observed_generation < image().generation || !knows_all()) return false;
    return image().source.kind != aim_.source->kind || !is_of_image(*aim_.source);
  }

  [[nodiscard]] bool is_of_image(const Source& source) const {
    if (source.kind == Source::Kind::git) return image().source.revision == source.revision;
    return image().source.place == source.place;
  }

  [[nodiscard]] std::string superseded_text() const {
    const auto& source = image().source;
    return fmt::format("the Image was changed to {} meanwhile (generation {})",
                       source.kind == Source::Kind::git ? source.revision : source.place, image().generation);
  }

  // Whether the Builds that the Image's status speaks of have been seen: the two are watched apart.
  [[nodiscard]] bool knows_all() const {
    if (image().latest_build.empty()) return true;
    return std::any_of(seen_.builds.begin(), seen_.builds.end(),
                       [&](const Build& build) { return build.name == image().latest_build; });
  }

  [[nodiscard]] Decision without_build() const {
    if (image().observed_generation < aim_.generation) {
      if (newest_ != nullptr && newest_->state == BuildState::running) return wait(behind(*newest_));
      return wait(fmt::format("kpack has not looked at the change yet (generation {}, it knows {})", aim_.generation,
                              image().observed_generation));
    }
    if (!knows_all()) return wait(fmt::format("{} is about to be seen", image().latest_build));
    const auto& ready = image().ready;
    if (ready.reason == "BuilderNotFound" || ready.reason == "BuilderNotReady")
      return {Verdict::builder, 0, text_of(ready)};
    if (newest_ != nullptr && newest_->state == BuildState::running) return wait(behind(*newest_));
    if (ready.status == "True") return up_to_date();
    if (ready.status == "False" && newest_ != nullptr && newest_->state == BuildState::failed) return stale_failure();
    return wait(ready.reason.empty() ? "kpack has not said anything about the Image yet" : text_of(ready));
  }

  [[nodiscard]] Decision up_to_date() const {
    const Build* built = nullptr;
    for (const auto& build : seen_.builds) {
      const bool fits = is_ours(build) && build.state == BuildState::succeeded && is_of_source(build);
      if (fits && (built == nullptr || build.number > built->number)) built = &build;
    }
    // It has looked the commit up, else the Image would not be ready.
    const bool is_succeeded = newest_ != nullptr && newest_->state == BuildState::succeeded && is_ours(*newest_);
    if (built == nullptr && is_succeeded && keeps_commits()) built = newest_;
    // A branch or a source that kpack has not looked up yet.
    if (built == nullptr) return wait("kpack has not looked up the source yet");
    if (aim_.wish == Aim::Wish::new_build) return {Verdict::trigger, newest_->number, is_wished()};
    return {Verdict::stands, built->number, ""};
  }

  // Nothing has changed since a build failed, so kpack does not try again by itself.
  [[nodiscard]] Decision stale_failure() const {
    if (!is_ours(*newest_) || !(is_of_source(*newest_) || keeps_commits())) {
      return wait("kpack has not looked up the source yet");
    }
    const auto why = aim_.wish == Aim::Wish::new_build
                         ? is_wished()
                         : fmt::format("build #{} of the same source failed before", newest_->number);
    return {Verdict::trigger, newest_->number, why};
  }

  static Decision wait(std::string why) { return {Verdict::wait, 0, std::move(why)}; }
  static std::string behind(const Build& build) { return fmt::format("behind build #{}, which runs", build.number); }
  static std::string text_of(const Condition& condition) {
    return condition.message.empty() ? condition.reason : fmt::format("{}: {}", condition.reason, condition.message);
  }

  const Aim& aim_;
  const Observation& seen_;
  const Build* newest_;
};

}  // namespace

bool is_of(const Build& build, const Source& source) {
  if (build.source.kind != source.kind) return false;
  if (source.kind == Source::Kind::git) return build.source.revision == source.revision;
  return build.source.place == source.place;
}

Decision decide(const Aim& aim, const Observation& seen) { return Decider(aim, seen).decide(); }

}  // namespace kpack
