#include "fleet/rebuild_wait.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/failure.hpp"
#include "kpack/pending_pods.hpp"
#include "kpack/quota.hpp"
#include "kpack/resources.hpp"
#include "kpack/trigger.hpp"

namespace fleet {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds between_looks(200);
constexpr seconds between_looks_at_pods(15);
// kpack makes a pod at once, and a node starts it within seconds: sooner it is not worth a request.
constexpr seconds before_a_pod_is_missed(10);
// As the put of one Image has it: kpack tries again, but what it says does not change any more.
constexpr seconds for_a_failing_builder(60);
constexpr seconds worth_a_line(2);
constexpr std::chrono::minutes between_repetitions(1);
constexpr std::size_t most_groups = 10;
constexpr std::size_t most_names = 5;
constexpr std::size_t longest_reason = 500;

constexpr const char* they_build = "their builds run";
constexpr const char* they_follow = "an older build of theirs runs first";

std::string text_of(const kpack::ImageName& name) { return name.first + "/" + name.second; }

std::string names_of(const std::vector<const Followed*>& images) {
  std::string text;
  for (std::size_t i = 0; i < std::min(images.size(), most_names); ++i) {
    text += fmt::format("{}{}", i == 0 ? "" : ", ", text_of(images[i]->name));
    if (images[i]->running > 0) text += fmt::format(" #{}", images[i]->running);
  }
  if (images.size() > most_names) text += fmt::format(" and {} more", images.size() - most_names);
  return text;
}

}  // namespace

std::string image_in(const std::string& image, const std::string& repository) {
  if (image.empty()) return "";
  try {
    const auto reference = registry::Reference::parse(image, "an Image's latestImage");
    if (reference.digest && reference.repository.text() == repository) {
      return repository + "@" + reference.digest->text();
    }
  } catch (const base::Error&) {  // as if kpack had not said it
  }
  return "";
}

namespace {

const kpack::Build* build_of(const Followed& image, const kpack::Inventory& seen, std::uint64_t number) {
  const auto found = seen.builds.find(image.name);
  if (found == seen.builds.end()) return nullptr;
  for (const auto& build : found->second) {
    if (build.number == number) return &build;
  }
  return nullptr;
}

}  // namespace

RebuildWait::RebuildWait(kubernetes::Client& cluster, const WaitOptions& options, std::vector<Followed>& images,
                         Latencies& latencies, base::Log& log)
    : cluster_(cluster),
      options_(options),
      images_(images),
      latencies_(latencies),
      log_(log),
      progress_(log, static_cast<std::size_t>(std::count_if(images.begin(), images.end(),
                                                            [](const auto& image) { return !image.is_done; }))) {}

bool RebuildWait::look(const kpack::Inventory& seen) {
  const auto settling = seen.target
                            ? settling_of(*seen.target, options_.generation)
                            : kpack::Settling{kpack::Settling::State::failing, "what the fleet stands on was deleted"};
  const bool is_over = is_given_up("", settling);
  bool is_done = true;
  for (auto& image : images_) {
    if (image.is_done) continue;
    if (settling.state == kpack::Settling::State::settled) {
      judge(image, seen);
    } else if (is_over) {
      done(image, State::failed, settling.why);
    } else {
      image.waits_for = settling.why;
    }
    is_done = is_done && image.is_done;
  }
  return is_done;
}

bool RebuildWait::is_given_up(const std::string& what, const kpack::Settling& settling) {
  if (settling.state != kpack::Settling::State::failing) {
    failing_since_.erase(what);
    return false;
  }
  const auto now = log_.clock().steady_now();
  return now - failing_since_.try_emplace(what, now).first->second >= for_a_failing_builder;
}

void RebuildWait::judge(Followed& image, const kpack::Inventory& seen) {
  const auto found = seen.images.find(image.name);
  const auto* object = found == seen.images.end() ? nullptr : &found->second;
  const auto* builder = object == nullptr ? nullptr : kpack::builder_of(*object, seen.builders);
  image.running = 0;
  if (object != nullptr && builder == nullptr) {
    return done(image, State::moved, fmt::format("its {} was deleted meanwhile", kpack::text_of(object->builder)));
  }
  if (builder != nullptr && !stands_on(*builder, seen.target->target)) {
    return done(image, State::moved,
                fmt::format("its {} was taken off the {} meanwhile", kpack::text_of(builder->reference),
                            kpack::text_of(seen.target->target)));
  }
  if (builder != nullptr) {
    const auto settling = settling_of(*builder, *seen.target, options_.generation);
    if (is_given_up(kpack::text_of(builder->reference), settling)) return done(image, State::failed, settling.why);
    image.waits_for = settling.why;
    if (settling.state != kpack::Settling::State::settled) return;
  }
  static const std::vector<kpack::Build> none;
  const auto builds = seen.builds.find(image.name);
  // Without an Image the builder does not matter.
  static const kpack::Builder nobody({}, json::Value::object());
  take(image,
       judge_rebuild(image.aim, object, builds == seen.builds.end() ? none : builds->second,
                     builder == nullptr ? nobody : *builder),
       seen);
}

void RebuildWait::take(Followed& image, const kpack::Rebuild& rebuild, const kpack::Inventory& seen) {
  const auto* build = build_of(image, seen, rebuild.build);
  image.entry.build = rebuild.build;
  switch (rebuild.state) {
    case kpack::Rebuild::State::waiting:
      image.running = rebuild.is_running ? rebuild.build : 0;
      image.waits_for = rebuild.why;
      if (build != nullptr && rebuild.is_running) image.waits_for = obstacle_of(image, *build);
      if (image.waits_for.empty()) image.waits_for = rebuild.is_of_builder ? they_build : they_follow;
      return;
    case kpack::Rebuild::State::rebuilt:
      image.entry.image = image_in(build->latest_image, image.entry.repository);
      image.entry.run_image = build->run_image;
      return done(image, State::rebuilt, fmt::format("build #{}: {}", build->number, build->reasons));
    case kpack::Rebuild::State::current:
      image.entry.run_image = build->run_image;
      return done(image, State::current, fmt::format("build #{}", rebuild.build));
    case kpack::Rebuild::State::failed:
      return fail(image, rebuild, build);
    case kpack::Rebuild::State::unbuilt:
      return done(image, State::current, rebuild.why);
    case kpack::Rebuild::State::left:
      return done(image, State::moved, rebuild.why);
  }
}

void RebuildWait::fail(Followed& image, const kpack::Rebuild& rebuild, const kpack::Build* build) {
  const bool is_old = rebuild.build <= image.aim.newest_before;
  if (options_.trigger_failed && is_old && image.aim.annotated == 0) {
    log_.info(fmt::format("{}: triggering a build, since #{} failed", text_of(image.name), rebuild.build));
    // Once, whatever comes of it: a build that is gone by now is told by the watch, and what is refused for one Image
    // is no reason to leave the others.
    image.aim.annotated = rebuild.build;
    try {
      static_cast<void>(kpack::request_build_after(cluster_, image.name.first, *build));
    } catch (const base::Error& error) {
      return done(image, State::failed,
                  fmt::format("build #{} failed, and no other can be triggered: {}", rebuild.build, error.what()));
    }
    image.waits_for = "kpack has not made their builds yet";
    return;
  }
  auto reason = fmt::format("build #{}: ", rebuild.build);
  if (is_old || !rebuild.is_of_builder) {
    reason = rebuild.why.empty() ? fmt::format("its last build, #{}, failed", rebuild.build) : rebuild.why;
    return done(image, State::failed, reason + " (params.trigger_failed: true builds it once more)");
  }
  std::optional<kpack::Pod> pod;
  try {
    if (auto found = cluster_.find(kubernetes::pods, image.name.first, build->pod)) pod = kpack::Pod(*found);
  } catch (const base::Error& error) {
    log_.debug(fmt::format("the pod of a failed build is not shown: {}", error.what()));
  }
  const auto failure = kpack::failure_of(*build, pod);
  const auto blame = kpack::name_of(failure.blame);
  done(image, State::failed, reason + failure.cause + (blame.empty() ? "" : fmt::format("; {} failed", blame)));
}

void RebuildWait::done(Followed& image, State state, const std::string& reason) {
  const auto now = log_.clock().steady_now();
  image.is_done = true;
  image.running = 0;
  image.entry.state = state;
  image.entry.reason = base::printable(fmt::format("{}: {}", text_of(image.name), reason), longest_reason);
  if (state == State::rebuilt || state == State::failed) {
    image.entry.seconds = std::chrono::duration<double>(now - options_.began).count();
  }
  latencies_.note(state, now);
  progress_.done(image.entry);
}

// What keeps a Build that runs from getting on: as kpack says it, as its pod does, or that there is none.
std::string RebuildWait::obstacle_of(const Followed& image, const kpack::Build& build) {
  if (const auto pod = pods_.find({image.name.first, build.name}); pod != pods_.end()) return pod->second;
  const auto& said = build.succeeded;
  if (!said.reason.empty() && said.reason != "PodInitializing") {
    return fmt::format("{}{}{}", said.reason, said.message.empty() ? "" : ": ", said.message);
  }
  if (!build.pod.empty()) return "";
  const auto quota = quotas_.find(image.name.first);
  return quota == quotas_.end() ? "" : quota->second;
}

void RebuildWait::look_at_pods(const kpack::Inventory& seen) {
  const auto now = log_.clock().steady_now();
  std::set<std::string> spaces;
  std::set<std::string> without_pod;
  for (auto& image : images_) {
    if (image.is_done || image.running == 0) {
      image.running_since = now;
      continue;
    }
    if (now - image.running_since < before_a_pod_is_missed) continue;
    spaces.insert(image.name.first);
    const auto* build = build_of(image, seen, image.running);
    if (build != nullptr && build->pod.empty()) without_pod.insert(image.name.first);
  }
  if (spaces.empty() || (pods_read_ && now - *pods_read_ < between_looks_at_pods)) return;
  pods_read_ = now;
  pods_.clear();
  quotas_.clear();
  for (const auto& space : without_pod) {
    quotas_[space] = kpack::exhausted_quota(cluster_, space, log_)
                         .value_or(
                             "kpack has not made a pod yet: a quota of the namespace may be used up, or kpack "
                             "may not run");
  }
  try {
    for (const auto& space : spaces) {
      if (!may_see_pods_) break;
      for (auto& [build, what] : kpack::pending_pods(cluster_, space)) pods_[{space, build}] = std::move(what);
    }
  } catch (const base::Error& error) {
    may_see_pods_ = error.kind() != base::ErrorKind::denied;
    if (!may_see_pods_) log_.warning(fmt::format("what keeps pods is not shown: {}", error.what()));
  }
}

void RebuildWait::wait(kpack::Overview& overview) {
  const auto deadline = options_.began + options_.longest;
  while (!look(overview.seen())) {
    const auto now = log_.clock().steady_now();
    look_at_pods(overview.seen());
    tell();
    if (now >= deadline) {
      return give_up(fmt::format("not built within {} (params.timeout)", base::human_duration(options_.longest)));
    }
    // News come in crowds where a fleet is large.
    do {
      static_cast<void>(overview.wait(between_looks));
    } while (log_.clock().steady_now() - now < between_looks);
  }
}

void RebuildWait::tell() {
  const auto now = log_.clock().steady_now();
  std::map<std::string, std::vector<const Followed*>> groups;
  for (const auto& image : images_) {
    if (!image.is_done) groups[image.waits_for].push_back(&image);
  }
  std::erase_if(told_, [&](const auto& entry) { return !groups.contains(entry.first); });
  std::size_t shown = 0;
  for (const auto& [what, images] : groups) {
    if (++shown > most_groups) break;
    auto& told = told_.try_emplace(what, Told{now, std::nullopt}).first->second;
    if (told.said ? now - *told.said < between_repetitions : now - told.began < worth_a_line) continue;
    const bool is_first = !told.said;
    told.said = now;
    const auto waited = base::human_duration(std::chrono::duration_cast<milliseconds>(now - told.began));
    log_.info(fmt::format("{}{}: {}", is_first ? "waiting: " : fmt::format("still waiting, for {}: ", waited),
                          base::printable(what, longest_reason), names_of(images)));
  }
}

void RebuildWait::give_up(const std::string& why) {
  std::map<std::string, std::vector<const Followed*>> groups;
  for (auto& image : images_) {
    if (!image.is_done) groups[image.waits_for].push_back(&image);
  }
  std::size_t count = 0;
  for (const auto& [what, images] : groups) count += images.size();
  if (count == 0) return;
  log_.warning(
      fmt::format("{} of {} Images are still under way; kpack goes on with them, and a further put waits for "
                  "them",
                  count, images_.size()));
  for (const auto& [what, images] : groups) {
    log_.warning(fmt::format("{}: {}", base::printable(what, longest_reason), names_of(images)));
  }
  for (auto& image : images_) {
    if (image.is_done) continue;
    const auto what = image.running > 0 && image.waits_for == they_build ? fmt::format("build #{} runs", image.running)
                                                                         : image.waits_for;
    done(image, State::unfinished, fmt::format("{}: {}", why, what));
  }
}

}  // namespace fleet
