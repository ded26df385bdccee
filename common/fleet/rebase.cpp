#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <mutex>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/wording.hpp"
#include "build_version.hpp"
#include "fleet/mover.hpp"
#include "fleet/operation.hpp"
#include "fleet/patch_text.hpp"
#include "fleet/progress.hpp"
#include "fleet/report.hpp"
#include "packages/layers.hpp"
#include "registry/input.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_old_bases = 16;  // whose packages are compared

class RebaseFleet {
 public:
  RebaseFleet(const Operation& operation, FleetRecord& record)
      : operation_(operation),
        params_(operation.params),
        client_(operation.client),
        log_(operation.log),
        record_(record),
        inspector_(operation.client) {}

  void run() {
    bases_ = read_bases(client_, registry::image_of_input(operation_.inputs, params_.run_image, "params.run_image"));
    record_.run_image = bases_.reference.text();
    log_.info("run image " + record_.run_image);
    pushed_ = client_.pushed_at(bases_.reference);
    read_builder();
    const auto images = find_images();
    foresee(images);
    Survey survey(client_, bases_, builder_ ? &*builder_ : nullptr, params_, reachability_);
    look_at(images, survey);
    plan();
    compare_packages(survey.old_bases());
    show_plan();
    if (!params_.dry_run) move(survey);
    write_entries();
  }

 private:
  void read_builder() {
    if (params_.builder.empty()) return;
    const auto reference = registry::image_of_input(operation_.inputs, params_.builder, "params.builder");
    const auto image = client_.find_image(reference, registry::host_platform());
    builder_ = image ? parse_builder(*image) : std::nullopt;
    if (!builder_) {
      throw Error(ErrorKind::usage,
                  {"use params.builder", reference.text(),
                   image ? "the image does not say which buildpacks it has" : "there is no such image",
                   "name a builder, or leave params.builder out"});
    }
    builder_->own_launcher = BUILD_SERVICE_VERSION;
  }

  std::vector<registry::Reference> find_images() {
    auto named = operation_.source.images;
    const auto& repositories = operation_.source.repositories;
    std::vector<std::vector<std::string>> tags(repositories.size());
    std::mutex mutex;
    base::for_each_parallel(repositories.size(), lanes, [&](std::size_t i) {
      auto failed = list_tags(repositories[i].repository, tags[i]);
      const std::lock_guard lock(mutex);
      if (failed) unlisted_.push_back(*std::move(failed));
    });
    for (std::size_t i = 0; i < repositories.size(); ++i) {
      for (const auto& tag : tags[i]) {
        if (repositories[i].tags.takes(tag)) named.push_back({repositories[i].repository, tag, std::nullopt});
      }
    }
    auto selection = select(std::move(named), operation_.source.record);
    if (!selection.repeated.empty()) {
      log_.info(fmt::format("{} images are named more than once, and are moved once (the first is {})",
                            selection.repeated.size(), selection.repeated.front().text()));
    }
    return std::move(selection.images);
  }

  // A repository whose tags cannot be listed is one verdict, and stops no other.
  std::optional<Surveyed> list_tags(const registry::Repository& repository, std::vector<std::string>& tags) {
    Surveyed result;
    result.reference.repository = repository;
    if (auto away = reachability_.verdict(repository.host)) {
      result.verdict = *std::move(away);
      return result;
    }
    try {
      tags = client_.tags(repository);
      return std::nullopt;
    } catch (const Error& error) {
      reachability_.note(repository.host, error);
      result.verdict = verdict_of(error, State::failed);
      result.verdict.reason = "its tags cannot be listed: " + result.verdict.reason;
      return result;
    }
  }

  // One token for each repository then serves the look at it and all that is written.
  void foresee(const std::vector<registry::Reference>& images) {
    if (params_.dry_run) return;
    const std::vector<registry::Repository> mounted_from{bases_.reference.repository,
                                                         operation_.source.record.repository};
    for (const auto& image : images) {
      if (!left_out(image, params_)) client_.foresee_writing(image.repository, mounted_from);
    }
  }

  void look_at(const std::vector<registry::Reference>& images, Survey& survey) {
    log_.info("looking at " + base::counted(images.size(), "image"));
    surveyed_.resize(images.size());
    base::Progress progress(log_, "looked at", images.size(), base::Progress::Unit::pieces);
    // The new base's packages are read beside: they are needed whatever the images turn out to be.
    base::Workers beside(1);
    auto reading = beside.submit([&] { read_new_packages(); });
    base::for_each_parallel(images.size(), lanes, [&](std::size_t i) {
      surveyed_[i] = survey.look_at(images[i]);
      progress.advance(1);
    });
    reading.get();
    surveyed_.insert(surveyed_.end(), unlisted_.begin(), unlisted_.end());
    const auto name = [](const Surveyed& image) {
      return std::pair(image.reference.repository.text(), image.reference.tag.value_or(""));
    };
    std::stable_sort(surveyed_.begin(), surveyed_.end(),
                     [&](const auto& a, const auto& b) { return name(a) < name(b); });
  }

  void read_new_packages() {
    for (const auto& image : bases_.images) {
      static_cast<void>(inspector_.read(image.reference.repository, image.image.manifest.layers));
    }
  }

  void plan() {
    if (params_.limit) {
      std::vector<Verdict> verdicts;
      for (const auto& image : surveyed_) verdicts.push_back(image.verdict);
      apply_limit(verdicts, *params_.limit);
      for (std::size_t i = 0; i < surveyed_.size(); ++i) surveyed_[i].verdict = std::move(verdicts[i]);
    }
    for (std::size_t i = 0; i < surveyed_.size(); ++i) {
      if (surveyed_[i].verdict.state == State::planned) add_to_tasks(i);
    }
  }

  // Tags of one repository that name one image are one task: it is rebased once.
  void add_to_tasks(std::size_t index) {
    const auto& image = surveyed_[index];
    const auto repository = image.reference.repository.text();
    const auto [known, is_new] = task_of_.try_emplace({repository, image.digest->text()}, tasks_.size());
    if (!is_new) {
      tasks_[known->second].push_back(index);
      return;
    }
    if (!params_.tag.empty()) require_one_image(index);
    tasks_.push_back({index});
  }

  void require_one_image(std::size_t index) const {
    const auto& image = surveyed_[index].reference;
    for (const auto& task : tasks_) {
      const auto& other = surveyed_[task.front()].reference;
      if (!(other.repository == image.repository)) continue;
      throw Error(ErrorKind::usage, {"use params.tag", params_.tag,
                                     fmt::format("{} and {} would both become {}", other.text(), image.text(),
                                                 image.with_tag(params_.tag).text()),
                                     "choose one of them by params.only"});
    }
  }

  void compare_packages(std::vector<OldBase> old_bases) {
    std::stable_sort(old_bases.begin(), old_bases.end(),
                     [](const auto& a, const auto& b) { return a.images > b.images; });
    for (std::size_t i = 0; i < old_bases.size(); ++i) {
      const auto& old = old_bases[i];
      BaseStep step{old.platform, old.reference, old.now->reference.text(), old.images, {}};
      if (i < most_old_bases) {
        const auto before = inspector_.read(old.repository, old.layers);
        const auto now = inspector_.read(old.now->reference.repository, old.now->image.manifest.layers);
        step.packages = packages::compare(before, now);
      } else {
        step.packages.unknown = fmt::format("only the {} old bases with most images are compared", most_old_bases);
      }
      record_.bases.push_back(std::move(step));
    }
    if (!record_.bases.empty()) record_.packages = summary_of(record_.bases.front());
  }

  void show_plan() {
    log_.heading("PLANNING");
    for (const auto& step : record_.bases) show(step, log_);
    Effort effort;
    for (const auto& task : tasks_) {
      effort.images += task.size();
      effort.writes += surveyed_[task.front()].writes() + task.size() - 1;
    }
    log_.info("to be moved: " + text_of(effort, params_.rate));
  }

  // What all that are moved share.
  struct Course {
    const Survey& survey;
    Mover mover;
    Patience patience;
    Progress progress;
    Latencies latencies;
    Ending ending;
  };

  void move(const Survey& survey) {
    if (tasks_.empty()) return;
    log_.heading("MOVING");
    Occasion occasion{link_of(record_), record_.build_url, record_.run_image, {}};
    for (const auto& step : record_.bases) occasion.packages[step.before] = summary_of(step);
    std::size_t total = 0;
    for (const auto& task : tasks_) total += task.size();
    Course course{survey,
                  {client_, operation_.source.record.repository, std::move(occasion), params_.tag, params_.rate,
                   reachability_, log_},
                  Patience(params_.max_failures),
                  {log_, total},
                  {operation_.start, pushed_},
                  {log_, total}};
    for (const auto& image : surveyed_) course.patience.note(image.verdict.state);
    builds_.resize(surveyed_.size());
    seconds_.resize(surveyed_.size());
    base::for_each_parallel(tasks_.size(), lanes, [&](std::size_t i) { move(tasks_[i], course); });
    record_.latency = course.latencies.summary();
  }

  void move(const std::vector<std::size_t>& indices, Course& course) {
    const auto began = log_.clock().steady_now();
    const auto all = [&](const Verdict& verdict) { return std::vector<Moved>(indices.size(), {verdict, 0}); };
    const auto moved = course.ending.run<std::vector<Moved>>(
        indices.size(),
        [&] { return course.patience.is_over() ? all(course.patience.verdict()) : rebase(indices, course); }, all);
    const auto now = log_.clock().steady_now();
    for (std::size_t k = 0; k < moved.size(); ++k) {
      const auto index = indices[k];
      course.patience.note(moved[k].verdict.state);
      surveyed_[index].verdict = moved[k].verdict;
      builds_[index] = moved[k].build;
      seconds_[index] = std::chrono::duration<double>(now - began).count();
      course.progress.done(entry(index));
      course.latencies.note(moved[k].verdict.state, now);
    }
  }

  std::vector<Moved> rebase(const std::vector<std::size_t>& indices, Course& course) {
    auto& image = surveyed_[indices.front()];
    Task task{image, {}};
    // What is sent is not needed afterwards; what is known of the image is.
    image.rebasings = {};
    image.index = {};
    for (const auto index : indices) task.tags.push_back(*surveyed_[index].reference.tag);
    auto result = course.mover.rebase(course.survey, task);
    for (const auto index : indices) surveyed_[index].target = task.image.target;
    return result;
  }

  [[nodiscard]] FleetImage entry(std::size_t index) const {
    const auto& image = surveyed_[index];
    FleetImage result;
    result.repository = image.reference.repository.text();
    result.tag = image.reference.tag.value_or("");
    if (image.digest) result.before = result.repository + "@" + image.digest->text();
    result.image = result.before;
    result.state = image.verdict.state;
    result.reason = base::printable(image.verdict.reason);
    result.run_image = image.run_image;
    result.needs = image.needs;
    if (index < builds_.size()) {
      result.build = builds_[index];
      result.seconds = seconds_[index];
    }
    // A put that was cut, or whose answer was lost, may have moved it.
    if (result.state == State::failed && image.target && params_.tag.empty()) {
      result.attempted = result.repository + "@" + image.target->text();
    }
    if (result.state == State::rebased) {
      result.image = result.repository + "@" + image.target->text();
      result.run_image = record_.run_image;
      if (!params_.tag.empty()) result.tag = params_.tag;
    }
    return result;
  }

  void write_entries() {
    for (std::size_t i = 0; i < surveyed_.size(); ++i) record_.images.push_back(entry(i));
  }

  const Operation& operation_;
  const PutParams& params_;
  registry::Client& client_;
  base::Log& log_;
  FleetRecord& record_;
  packages::Inspector inspector_;
  Reachability reachability_;
  std::optional<base::WallTime> pushed_;  // when the base was
  std::vector<Surveyed> unlisted_;        // repositories whose tags cannot be listed
  Bases bases_;
  std::optional<Builder> builder_;
  std::vector<Surveyed> surveyed_;
  std::vector<std::vector<std::size_t>> tasks_;                         // indices of surveyed_
  std::map<std::pair<std::string, std::string>, std::size_t> task_of_;  // by repository and digest
  std::vector<std::uint64_t> builds_;
  std::vector<double> seconds_;
};

}  // namespace

void rebase(const Operation& operation, FleetRecord& record) {
  record.operation = operation::rebase;
  RebaseFleet(operation, record).run();
}

}  // namespace fleet
