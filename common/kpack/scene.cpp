#include "kpack/scene.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>

#include "base/cancellation.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/termination.hpp"
#include "kpack/resources.hpp"
#include "kubernetes/watcher.hpp"

namespace kpack {
namespace {

using kubernetes::ObjectChange;
using kubernetes::Replaced;
using kubernetes::WatchNews;

enum class Subject { image, builds, pod };

// Where no thread watches, it is looked this often; a server that is lost is waited for as long as a watch would.
constexpr std::chrono::seconds between_lists(2);
constexpr std::chrono::minutes longest_absence(10);

struct News {
  Subject subject{};
  std::variant<WatchNews, std::exception_ptr> what;
};

// From the threads that watch to the one that decides.
class Mailbox {
 public:
  void post(News news) {
    {
      const std::lock_guard lock(mutex_);
      news_.push_back(std::move(news));
    }
    changed_.notify_one();
  }

  // All that has come; waits for the first at most `longest`. A step that is told to end is heard once a second: each
  // look costs, and a build takes minutes.
  std::deque<News> take(std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds between_looks(1000);
    const auto end = std::chrono::steady_clock::now() + longest;
    std::unique_lock lock(mutex_);
    while (news_.empty()) {
      base::throw_if_terminated();
      const auto now = std::chrono::steady_clock::now();
      if (now >= end) break;
      changed_.wait_until(lock, std::min(end, now + between_looks));
    }
    return std::exchange(news_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<News> news_;
};

class WatchingScene final : public Scene {
 public:
  WatchingScene(kubernetes::Client& client, const Image& image, SceneStart start, base::Random& random, base::Log& log)
      : client_(client),
        space_(image.space),
        seen_(std::move(start.seen)),
        random_(random),
        log_(log),
        cancellation_(std::make_shared<base::Cancellation>()),
        image_cancellation_(std::make_shared<base::Cancellation>()) {
    watch(Subject::image, {image_resource, space_, {"", "metadata.name=" + image.name}}, start.image_version,
          image_cancellation_);
    watch(Subject::builds, {build_resource, space_, {fmt::format("{}={}", label::image, image.name), ""}},
          start.builds_version, cancellation_);
  }

  ~WatchingScene() override {
    cancellation_->request();
    image_cancellation_->request();
  }
  WatchingScene(const WatchingScene&) = delete;
  WatchingScene& operator=(const WatchingScene&) = delete;

  [[nodiscard]] const Observation& seen() const override { return seen_; }
  [[nodiscard]] const std::optional<Pod>& pod() const override { return pod_; }

  [[nodiscard]] bool is_pod_known() const override { return is_pod_known_; }

  void watch_pod(const std::string& name) override {
    if (is_pod_watched_) return;
    is_pod_watched_ = true;
    watch(Subject::pod, {kubernetes::pods, space_, {"", "metadata.name=" + name}}, "", cancellation_);
  }

  void leave_image() override { image_cancellation_->request(); }

  bool wait(std::chrono::milliseconds longest) override {
    list_unwatched();
    auto all =
        mailbox_.take(std::min<std::chrono::milliseconds>(longest, unwatched_.empty() ? longest : between_lists));
    for (auto& news : all) {
      if (const auto* failure = std::get_if<std::exception_ptr>(&news.what)) {
        fail(news.subject, *failure);
      } else {
        apply(news.subject, std::get<WatchNews>(std::move(news.what)));
      }
    }
    return !all.empty();
  }

 private:
  // What is asked for by lists, since the system gave no thread for a watch.
  struct Unwatched {
    Subject subject;
    kubernetes::WatchTarget target;
    std::shared_ptr<base::Cancellation> cancellation;
    base::SteadyTime last_contact;
    bool is_over = false;
  };

  void watch(Subject subject, const kubernetes::WatchTarget& target, const std::string& version,
             const std::shared_ptr<base::Cancellation>& cancellation) {
    auto worker = std::make_unique<base::Workers>(1);
    auto watching = worker->submit([this, subject, target, version, cancellation] {
      try {
        kubernetes::Watcher watcher(client_, target, random_, log_);
        watcher.run(
            version,
            [&](WatchNews news) {
              mailbox_.post({subject, std::move(news)});
            },
            cancellation);
      } catch (...) {
        mailbox_.post({subject, std::current_exception()});
      }
    });
    if (worker->threads() == 0) {
      log_.debug(fmt::format("there is no thread to watch {}", target.resource.plural));
      unwatched_.push_back({subject, target, cancellation, log_.clock().steady_now()});
      return;
    }
    watching_.push_back(std::move(watching));
    workers_.push_back(std::move(worker));
  }

  void list_unwatched() {
    const auto now = log_.clock().steady_now();
    if (unwatched_.empty() || (listed_ && now - *listed_ < between_lists)) return;
    listed_ = now;
    for (auto& one : unwatched_) list(one, now);
    std::erase_if(unwatched_, [](const Unwatched& one) { return one.is_over; });
  }

  void list(Unwatched& one, base::SteadyTime now) {
    one.is_over = one.cancellation->is_requested();
    if (one.is_over) return;
    try {
      auto listing = client_.list(one.target.resource, one.target.space, one.target.selection);
      one.last_contact = now;
      mailbox_.post({one.subject, Replaced{std::move(listing.items)}});
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::transient && now - one.last_contact < longest_absence) return;
      one.is_over = true;
      mailbox_.post({one.subject, std::current_exception()});
    }
  }

  void fail(Subject subject, const std::exception_ptr& failure) {
    if (subject != Subject::pod) std::rethrow_exception(failure);
    is_pod_known_ = true;
    try {
      std::rethrow_exception(failure);
    } catch (const base::Error& error) {
      log_.warning(fmt::format("the build's pod and its log are not shown: {}", error.what()));
    }
  }

  void apply(Subject subject, WatchNews news) {
    switch (subject) {
      case Subject::image:
        seen_.image = only<Image>(std::move(news));
        return;
      case Subject::pod:
        pod_ = only<Pod>(std::move(news));
        is_pod_known_ = true;
        return;
      case Subject::builds:
        return apply_builds(std::move(news));
    }
  }

  // The one object of a watch by name.
  template <class T>
  static std::optional<T> only(WatchNews news) {
    if (auto* all = std::get_if<Replaced>(&news)) {
      return all->items.empty() ? std::nullopt : std::optional<T>(T(std::move(all->items.front())));
    }
    auto& change = std::get<ObjectChange>(news);
    if (change.kind == ObjectChange::Kind::deleted) return std::nullopt;
    return T(std::move(change.object));
  }

  void apply_builds(WatchNews news) {
    if (auto* all = std::get_if<Replaced>(&news)) {
      seen_.builds.clear();
      for (auto& item : all->items) seen_.builds.emplace_back(std::move(item));
      return;
    }
    auto& change = std::get<ObjectChange>(news);
    Build build(std::move(change.object));
    auto& builds = seen_.builds;
    const auto found =
        std::find_if(builds.begin(), builds.end(), [&](const Build& known) { return known.name == build.name; });
    if (change.kind == ObjectChange::Kind::deleted) {
      if (found != builds.end()) builds.erase(found);
    } else if (found != builds.end()) {
      *found = std::move(build);
    } else {
      builds.push_back(std::move(build));
    }
  }

  kubernetes::Client& client_;
  std::string space_;
  Observation seen_;
  std::optional<Pod> pod_;
  bool is_pod_watched_ = false;
  bool is_pod_known_ = false;
  base::Random& random_;
  base::Log& log_;
  Mailbox mailbox_;
  std::shared_ptr<base::Cancellation> cancellation_;
  std::shared_ptr<base::Cancellation> image_cancellation_;
  std::vector<base::Pending<void>> watching_;
  std::vector<Unwatched> unwatched_;
  std::optional<base::SteadyTime> listed_;
  // One for each watch. The last member: its end waits for the threads, which use all of the others.
  std::vector<std::unique_ptr<base::Workers>> workers_;
};

}  // namespace

std::unique_ptr<Scene> make_scene(kubernetes::Client& client, const Image& image, SceneStart start,
                                  base::Random& random, base::Log& log) {
  return std::make_unique<WatchingScene>(client, image, std::move(start), random, log);
}

}  // namespace kpack
