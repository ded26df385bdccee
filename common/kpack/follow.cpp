#include "kpack/follow.hpp"

#include <atomic>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "kpack/build_log.hpp"
#include "kpack/log_line.hpp"
#include "kpack/quota.hpp"
#include "kpack/reasons.hpp"
#include "kpack/waiting.hpp"

namespace kpack {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds longest_wait(2000);
// kpack makes a pod at once, and a node starts it within seconds: sooner it is not worth a word.
constexpr seconds before_a_pod_is_missed(10);
constexpr seconds before_a_start_is_missed(30);
// The pod's last news may come after the Build's.
constexpr seconds for_the_last_news(5);
// For what is left of the log when the build has ended.
constexpr seconds for_the_rest_of_the_log(60);

class Following {
 public:
  Following(std::uint64_t number, Scene& scene, kubernetes::Client& client, const Patience& patience,
            base::Random& random, base::Log& log)
      : number_(number),
        scene_(scene),
        client_(client),
        patience_(patience),
        log_(log),
        space_(scene.seen().image ? scene.seen().image->space : ""),
        build_log_(client, space_, random, log),
        cancellation_(std::make_shared<base::Cancellation>()),
        started_(log.clock().steady_now()),
        worker_(1) {}

  ~Following() { cancellation_->request(); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  Build run() {
    announce();
    scene_.leave_image();
    showing_.emplace(worker_.submit([this] { show_log(); }));
    for (bool is_news = true;; is_news = scene_.wait(longest_wait)) {
      const auto& build = current();
      if (is_news) {
        if (!build.pod.empty()) scene_.watch_pod(build.pod);
        build_log_.update(scene_.pod());
      }
      if (build.state != BuildState::running) return finish(Build(build));
      tell_obstacle(build);
      if (log_.clock().steady_now() >= patience_.deadline) throw timed_out(build.image, patience_, waiting_.last());
    }
  }

 private:
  // The Build as it is now.
  const Build& current() {
    const auto* found = find_build(scene_.seen(), number_);
    if (found != nullptr) return *found;
    throw Error(ErrorKind::not_found,
                {"follow", fmt::format("build #{}", number_), "the Build was deleted before it ended", "put again"});
  }

  void announce() {
    const auto& build = current();
    log_.info(fmt::format("build #{} ({} in namespace {})", build.number, build.name, space_));
    builds::print(changes_of(build), log_);
  }

  void show_log() {
    is_begun_ = true;
    try {
      build_log_.run(cancellation_);
    } catch (const base::Cancelled&) {
      log_.debug("the log was left");
    }
    is_shown_ = true;
  }

  void tell_obstacle(const Build& build) {
    const auto now = log_.clock().steady_now();
    const auto what = obstacle(build, now - started_);
    if (!what) {
      waiting_.forget();
    } else if (const auto text = waiting_.say(*what, now)) {
      log_.info(*text);
    }
  }

  [[nodiscard]] std::optional<std::string> obstacle(const Build& build, base::SteadyTime::duration waited) {
    const auto& pod = scene_.pod();
    if (pod) {
      if (auto what = obstacle_of(*pod)) return what;
      const bool is_started =
          pod->phase != "Pending" || (!pod->steps.empty() && pod->steps.front().state != Step::State::waiting);
      if (is_started || waited < before_a_start_is_missed) return std::nullopt;
      return fmt::format("the pod {} has not started yet", pod->name);
    }
    // What kpack has read off the pod, for those who may not see it themselves.
    if (!build.succeeded.reason.empty() && build.succeeded.reason != "PodInitializing") {
      return fmt::format("{}: {}", build.succeeded.reason, build.succeeded.message);
    }
    if (!build.pod.empty() || waited < before_a_pod_is_missed) return std::nullopt;
    return missing_pod();
  }

  // A quota is the usual reason, and kpack does not tell of it: whoever may read quotas is told.
  [[nodiscard]] std::string missing_pod() {
    const auto now = log_.clock().steady_now();
    constexpr std::chrono::minutes between_looks(1);
    if (!quota_read_ || now - *quota_read_ >= between_looks) {
      quota_read_ = now;
      quota_ = exhausted_quota(client_, space_, log_);
    }
    if (quota_) return *quota_;
    return "kpack has not made a pod yet: a quota of the namespace may be used up, or kpack may not run";
  }

  // Whether all that there will be of the pod is known.
  [[nodiscard]] bool is_pod_settled(const Build& build) const {
    const auto& pod = scene_.pod();
    if (build.pod.empty()) return true;
    return pod ? pod->phase == "Succeeded" || pod->phase == "Failed" : scene_.is_pod_known();
  }

  void wait_until(base::SteadyTime end, const std::function<bool()>& is_done) {
    constexpr milliseconds between_looks(20);
    while (!is_done() && log_.clock().steady_now() < end) {
      if (scene_.wait(between_looks)) build_log_.update(scene_.pod());
    }
  }

  Build finish(Build build) {
    wait_until(log_.clock().steady_now() + for_the_last_news, [&] { return is_pod_settled(build); });
    build_log_.end();
    // Where no thread was to be had, the log is shown now.
    if (!is_begun_) showing_->get();
    wait_until(log_.clock().steady_now() + for_the_rest_of_the_log, [&] { return is_shown_.load(); });
    log_.end_output();
    if (build.state == BuildState::failed) throw failed(build);
    if (build.latest_image.empty()) {
      throw Error(ErrorKind::protocol, {"read", fmt::format("build #{}", number_),
                                        "it succeeded, and kpack does not say which image it made", ""});
    }
    return build;
  }

  [[nodiscard]] Error failed(const Build& build) {
    auto failure = failure_of(build, scene_.pod());
    const auto last = failure.step.empty() ? "" : build_log_.last_line(failure.step);
    if (!last.empty() && !failure.quotes) {
      failure.cause += fmt::format(" (\"{}\")", base::printable(plain_line(last), 256));
    }
    const auto blame = name_of(failure.blame);
    if (!blame.empty()) failure.cause += fmt::format("; {} failed", blame);
    return {failure.blame == Blame::infrastructure ? ErrorKind::transient : ErrorKind::usage,
            {"build", "the Image " + build.image, fmt::format("build #{}: {}", build.number, failure.cause),
             failure.remedy}};
  }

  std::uint64_t number_;
  Scene& scene_;
  kubernetes::Client& client_;
  const Patience& patience_;
  base::Log& log_;
  std::string space_;
  BuildLog build_log_;
  std::shared_ptr<base::Cancellation> cancellation_;
  base::SteadyTime started_;
  Waiting waiting_;
  std::optional<base::SteadyTime> quota_read_;
  std::optional<std::string> quota_;
  std::atomic<bool> is_begun_ = false;
  std::atomic<bool> is_shown_ = false;
  std::optional<base::Pending<void>> showing_;
  // The last member: its end waits for the thread, which uses all of the others.
  base::Workers worker_;
};

}  // namespace

Build follow_build(std::uint64_t number, Scene& scene, kubernetes::Client& client, const Patience& patience,
                   base::Random& random, base::Log& log) {
  return Following(number, scene, client, patience, random, log).run();
}

}  // namespace kpack
