#include "kpack/await.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "kpack/waiting.hpp"

namespace kpack {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

// Each is for a later Build than the one before, so more than a few mean that somebody else triggers, too.
constexpr int most_triggers = 10;
constexpr milliseconds longest_wait(1000);

class Awaiting {
 public:
  Awaiting(Aim aim, Scene& scene, const Trigger& trigger, const Patience& patience, base::Log& log)
      : aim_(std::move(aim)), scene_(scene), trigger_(trigger), patience_(patience), log_(log) {
    if (scene.seen().image) name_ = scene.seen().image->name;
  }

  Awaited run() {
    while (true) {
      const auto decision = decide(aim_, scene_.seen());
      if (decision.verdict != Verdict::builder) builder_missed_.reset();
      switch (decision.verdict) {
        case Verdict::follow:
          return {decision.build, true};
        case Verdict::stands:
          return {decision.build, false};
        case Verdict::trigger:
          trigger(decision);
          continue;
        case Verdict::superseded:
          throw failure("it was superseded: " + decision.why,
                        "put again, or give the job serial: true or a serial_groups that all its puts share");
        case Verdict::gone:
          throw failure(decision.why, "put again");
        case Verdict::builder:
          wait_for_builder(decision.why);
          break;
        case Verdict::wait:
          wait_for(decision.why);
          break;
      }
      static_cast<void>(scene_.wait(longest_wait));
    }
  }

 private:
  [[nodiscard]] Error failure(std::string cause, std::string remedy) const {
    return {ErrorKind::usage, {"build", "the Image " + name_, std::move(cause), std::move(remedy)}};
  }

  void trigger(const Decision& decision) {
    if (++triggers_ > most_triggers) {
      throw failure(fmt::format("{} builds were triggered, and each was overtaken", most_triggers), "try again later");
    }
    log_.info(fmt::format("triggering a new build: {}", decision.why));
    const auto* newest = find_build(scene_.seen(), decision.build);
    // One that kpack has deleted meanwhile is not the newest any more: what is seen next will say so.
    if (newest != nullptr && trigger_(*newest)) {
      aim_.annotated = decision.build;
    } else {
      static_cast<void>(scene_.wait(longest_wait));
    }
  }

  void wait_for(const std::string& what) {
    const auto now = log_.clock().steady_now();
    if (const auto text = waiting_.say(what, now)) log_.info(*text);
    if (now >= patience_.deadline) throw timed_out(name_, patience_, what);
  }

  void wait_for_builder(const std::string& why) {
    const auto now = log_.clock().steady_now();
    if (!builder_missed_) builder_missed_ = now;
    wait_for(why);
    if (now - *builder_missed_ < patience_.for_builder) return;
    throw failure(
        fmt::format("its builder cannot be used after {}: {}", base::human_duration(patience_.for_builder), why),
        fmt::format("check {}, or the builder's own status", patience_.fields.builder));
  }

  Aim aim_;
  Scene& scene_;
  const Trigger& trigger_;
  const Patience& patience_;
  base::Log& log_;
  std::string name_;
  Waiting waiting_;
  std::optional<base::SteadyTime> builder_missed_;
  int triggers_ = 0;
};

}  // namespace

const Build* find_build(const Observation& seen, std::uint64_t number) {
  const auto found =
      std::find_if(seen.builds.begin(), seen.builds.end(), [&](const Build& build) { return build.number == number; });
  return found == seen.builds.end() ? nullptr : &*found;
}

Error timed_out(const std::string& image, const Patience& patience, const std::string& waited_for) {
  return {
      ErrorKind::transient,
      {"build", "the Image " + image,
       fmt::format("it is not built after {} ({}), {}", base::human_duration(patience.timeout), patience.fields.timeout,
                   waited_for.empty() ? "though the build runs" : "waiting: " + waited_for),
       "what kpack has begun goes on; put again to wait for it"}};
}

Awaited await_build(Aim aim, Scene& scene, const Trigger& trigger, const Patience& patience, base::Log& log) {
  return Awaiting(std::move(aim), scene, trigger, patience, log).run();
}

}  // namespace kpack
