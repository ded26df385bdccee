#include "kpack/scene.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/cancellation.hpp"
#include "base/error.hpp"
#include "kpack/resources.hpp"
#include "kpack/watches.hpp"

namespace kpack {
namespace {

using kubernetes::ObjectChange;
using kubernetes::Replaced;
using kubernetes::WatchNews;

enum class Subject { image, builds, pod };

class WatchingScene final : public Scene {
 public:
  WatchingScene(kubernetes::Client& client, const Image& image, SceneStart start, base::Random& random, base::Log& log)
      : space_(image.space),
        seen_(std::move(start.seen)),
        log_(log),
        cancellation_(std::make_shared<base::Cancellation>()),
        image_cancellation_(std::make_shared<base::Cancellation>()),
        watches_(client, random, log) {
    watch(Subject::image, {image_resource, space_, {"", "metadata.name=" + image.name}}, start.image_version,
          image_cancellation_);
    watch(Subject::builds, {build_resource, space_, {fmt::format("{}={}", label::image, image.name), ""}},
          start.builds_version, cancellation_);
  }

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
    auto all = watches_.take(longest);
    for (auto& [number, what] : all) {
      if (const auto* failure = std::get_if<std::exception_ptr>(&what)) {
        fail(subjects_[number], *failure);
      } else {
        apply(subjects_[number], std::get<WatchNews>(std::move(what)));
      }
    }
    return !all.empty();
  }

 private:
  void watch(Subject subject, const kubernetes::WatchTarget& target, const std::string& version,
             const std::shared_ptr<base::Cancellation>& cancellation) {
    subjects_.push_back(subject);
    watches_.add(target, version, cancellation);
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

  std::string space_;
  Observation seen_;
  std::optional<Pod> pod_;
  bool is_pod_watched_ = false;
  bool is_pod_known_ = false;
  base::Log& log_;
  std::shared_ptr<base::Cancellation> cancellation_;
  std::shared_ptr<base::Cancellation> image_cancellation_;
  std::vector<Subject> subjects_;  // by the numbers of the watches
  Watches watches_;
};

}  // namespace

std::unique_ptr<Scene> make_scene(kubernetes::Client& client, const Image& image, SceneStart start,
                                  base::Random& random, base::Log& log) {
  return std::make_unique<WatchingScene>(client, image, std::move(start), random, log);
}

}  // namespace kpack
