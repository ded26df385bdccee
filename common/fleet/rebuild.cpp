#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "fleet/kpack_settings.hpp"
#include "fleet/operation.hpp"
#include "fleet/patch_text.hpp"
#include "fleet/rebuild_wait.hpp"
#include "kpack/resources.hpp"
#include "kubernetes/connection.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

constexpr int most_attempts = 10;
constexpr milliseconds between_attempts(100);
// A right to watch that is missing is refused by then: before anything is written.
constexpr milliseconds for_a_refusal(500);
constexpr std::chrono::seconds for_a_patch(4);
constexpr std::size_t most_listed = 100;

std::string text_of(const kpack::ImageName& name) { return name.first + "/" + name.second; }

bool is_matched(const std::vector<std::string>& globs, const kpack::ImageName& name, const registry::Reference& image) {
  return matches_any(globs, image) ||
         std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return matches_glob(glob, text_of(name)); });
}

class RebuildFleet {
 public:
  RebuildFleet(const Operation& operation, FleetRecord& record)
      : operation_(operation),
        params_(operation.params),
        fleet_(*operation.source.kpack),
        log_(operation.log),
        record_(record),
        connection_(kubernetes::connect(*fleet_.cluster, operation.context.environment, operation.context.random,
                                        operation.log)),
        cluster_(*connection_.client) {}

  std::exception_ptr run() {
    read();
    want();
    follow_images();
    compare_packages();
    show_plan();
    std::exception_ptr ended_by;
    if (!params_.dry_run) ended_by = change();
    for (auto& image : images_) record_.images.push_back(std::move(image.entry));
    std::sort(record_.images.begin(), record_.images.end(),
              [](const auto& a, const auto& b) { return a.name() < b.name(); });
    return ended_by;
  }

 private:
  void read() {
    const auto& target = fleet_.target;
    try {
      listed_ = kpack::list_inventory(cluster_, target, fleet_.spaces);
    } catch (const Error& error) {
      const bool is_all = fleet_.spaces.front().empty() && fleet_.spaces.size() == 1;
      const bool is_cluster = error.report().object.find(" in namespace ") == std::string::npos;
      const bool is_of_space = error.report().object.starts_with("images") ||
                               error.report().object.starts_with("builds ") ||
                               error.report().object.starts_with("builders");
      if (error.kind() != ErrorKind::denied || !is_all || !is_cluster || !is_of_space) throw;
      const auto& report = error.report();
      throw Error(error.kind(), {report.action, report.object + " in all namespaces", report.cause,
                                 report.remedy + ", or name the namespaces in source.fleet.namespaces"})
          .answered(error.status(), error.code());
    }
    if (!listed_.seen.target) {
      const auto& resource = kpack::resource_of(target.kind);
      throw Error(ErrorKind::not_found,
                  {"use source.fleet", kpack::text_of(target), fmt::format("there is no such {}", resource.kind),
                   fmt::format("name one of: kubectl get {}", resource.plural)});
    }
    for (const auto& space : fleet_.spaces) require_space(space);
    now_ = *listed_.seen.target;
    log_.info(fmt::format("{}, generation {}{}{}", kpack::text_of(target), now_->generation,
                          now_->run_image.empty() ? "" : ", run image ", now_->run_image));
  }

  // A namespace that is not there has no Images, and nobody says so. Whoever may not ask is not kept from going on.
  void require_space(const std::string& space) {
    if (space.empty()) return;
    const auto& images = listed_.seen.images;
    if (std::any_of(images.begin(), images.end(), [&](const auto& entry) { return entry.first.first == space; }))
      return;
    try {
      if (cluster_.find(kubernetes::namespaces, "", space)) {
        return log_.info(fmt::format("no Image of namespace {} stands on it", space));
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::denied) throw;
      return log_.info(fmt::format("no Image of namespace {} stands on it, if there is such a namespace", space));
    }
    json::wrong_value("source.fleet.namespaces", fmt::format("there is no namespace {}", space),
                      "name those that have Images");
  }

  void want() {
    if (params_.rollback.empty()) {
      wanted_ = wanted_settings(operation_, *now_, cluster_);
      record_.operation = operation::kpack;
    } else {
      const auto earlier = read_earlier(operation_);
      wanted_ = wanted_of_version(operation_, earlier.record, fleet_.target);
      record_.operation = operation::rollback;
      record_.rolled_back_to = earlier.digest.text();
      log_.info(fmt::format("back to put #{} of {}", earlier.record.number, earlier.record.finished));
    }
    prepare();
  }

  // What is written to the target as it is now, and what the record says of that.
  void prepare() {
    patch_ = patch_for(*now_, wanted_.settings);
    auto after = now_->settings;
    for (const auto& [path, value] : wanted_.settings) after[path] = value;
    record_.target = TargetSetting{fleet_.target, now_->settings, std::move(after)};
  }

  void follow_images() {
    for (const auto& [name, image] : listed_.seen.images) {
      try {
        images_.push_back(followed(name, image));
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::usage) throw;
        log_.warning(fmt::format("{} is not followed: {}", text_of(name), error.what()));
      }
    }
  }

  Followed followed(const kpack::ImageName& name, const kpack::Image& image) {
    const auto reference = registry::Reference::parse(image.tag, "the Image " + text_of(name));
    Followed result;
    result.name = name;
    result.aim.uid = image.uid;
    result.aim.builder = image.builder;
    result.entry.resource = text_of(name);
    // The Image's status speaks of a Build a moment after the Build does, and of those that kpack has deleted.
    auto latest = image.latest_image;
    result.entry.repository = reference.repository.text();
    result.entry.tag = reference.tag.value_or("latest");
    if (const auto builds = listed_.seen.builds.find(name); builds != listed_.seen.builds.end()) {
      for (const auto& build : builds->second) {
        result.aim.newest_before = std::max(result.aim.newest_before, build.number);
        if (build.state != kpack::BuildState::succeeded || build.number < result.aim.succeeded_before) continue;
        result.aim.succeeded_before = build.number;
        result.entry.run_image = build.run_image;
        latest = build.latest_image;
      }
    }
    result.entry.before = image_in(latest, result.entry.repository);
    result.entry.image = result.entry.before;
    take_up(result);
    leave_out(result, reference);
    if (!result.is_done) predict(result, image);
    return result;
  }

  // What the last put did not see the end of is news of this one, though kpack has built it since: else nobody would
  // roll it out.
  void take_up(Followed& image) const {
    if (!operation_.standing) return;
    for (const auto& last : operation_.standing->record.images) {
      if (last.resource != image.entry.resource || !is_failure(last.state)) continue;
      if (last.image == image.entry.before) return;
      image.entry.before = last.image;
      image.entry.image = last.image;
      image.aim.succeeded_before = 0;
      return;
    }
  }

  void leave_out(Followed& image, const registry::Reference& reference) const {
    const auto out = [&](const char* why) {
      image.is_done = true;
      image.entry.state = State::left_out;
      image.entry.reason = fmt::format("{}: {}; kpack rebuilds it all the same", text_of(image.name), why);
    };
    if (!params_.only.empty() && !is_matched(params_.only, image.name, reference)) {
      out("params.only does not name it");
    } else if (is_matched(params_.exclude, image.name, reference)) {
      out("params.exclude names it");
    }
  }

  // What kpack will do, as far as that follows from what is written: of a store and of an order kpack alone knows.
  void predict(Followed& image, const kpack::Image& object) const {
    const auto* builder = kpack::builder_of(object, listed_.seen.builders);
    const auto builds = listed_.seen.builds.find(image.name);
    if (builds == listed_.seen.builds.end()) {
      image.entry.reason = "has never been built";
      image.entry.state = State::current;
    } else {
      auto after = *builder;
      if (!wanted_.run_image.empty()) after.run_image = wanted_.run_image;
      const auto rebuild = judge_rebuild(image.aim, &object, builds->second, after);
      const bool is_open = patch_.empty() ? false : fleet_.target.kind != kpack::TargetKind::stack;
      const bool stays = rebuild.state == kpack::Rebuild::State::current && !is_open;
      image.entry.state = rebuild.state == kpack::Rebuild::State::failed ? State::failed
                          : stays                                        ? State::current
                                                                         : State::planned;
      image.entry.reason = stays ? "is by this run image already" : rebuild.why;
      if (rebuild.state == kpack::Rebuild::State::rebuilt) image.entry.reason = "kpack has built it since the last put";
      if (rebuild.state == kpack::Rebuild::State::current && is_open) {
        image.entry.reason = "kpack rebuilds it where it uses what changes";
      } else if (rebuild.state == kpack::Rebuild::State::waiting && !rebuild.is_running) {
        image.entry.reason = "STACK";
      }
    }
    const auto& reason = image.entry.reason;
    image.entry.reason =
        base::printable(fmt::format("{}{}{}", text_of(image.name), reason.empty() ? "" : ": ", reason), 500);
  }

  void compare_packages() {
    record_.run_image = wanted_.run_image.empty() ? now_->run_image : wanted_.run_image;
    if (record_.run_image.empty()) {
      // A store has none: that of a builder that takes from it.
      for (const auto& builder : listed_.seen.builders) {
        if (stands_on(builder, fleet_.target) && !builder.run_image.empty()) record_.run_image = builder.run_image;
      }
    }
    if (record_.run_image.empty()) record_.run_image = kpack::text_of(fleet_.target);
    if (!wanted_.base || now_->run_image.empty() ||
        kpack::identifier_of(now_->run_image) == kpack::identifier_of(wanted_.run_image)) {
      return;
    }
    BaseStep step{text_of_platform(), now_->run_image, wanted_.run_image, 0, {}};
    step.images = static_cast<std::uint64_t>(std::count_if(
        images_.begin(), images_.end(), [](const auto& image) { return image.entry.state == State::planned; }));
    step.packages = compare(operation_.client, now_->run_image, wanted_.run_image, *wanted_.base);
    record_.packages = summary_of(step);
    record_.bases.push_back(std::move(step));
  }

  [[nodiscard]] std::string text_of_platform() const {
    const auto platform = wanted_.base->platform();
    return platform.os + "/" + platform.architecture;
  }

  void show_plan() {
    log_.heading("PLANNING");
    for (const auto& step : record_.bases) show(step, log_);
    log_.info(kpack::text_of(fleet_.target) + (patch_.empty() ? " is as it should be: no change" : ":"));
    kpack::print(patch_.differences, log_);
    std::vector<const Followed*> affected;
    for (const auto& image : images_) {
      if (image.entry.state == State::planned || image.entry.state == State::failed) affected.push_back(&image);
    }
    log_.info(fmt::format("{} {} on the {}, of which {} {} affected", images_.size(),
                          images_.size() == 1 ? "Image stands" : "Images stand", kpack::text_of(fleet_.target),
                          affected.size(), affected.size() == 1 ? "is" : "are"));
    for (std::size_t i = 0; i < std::min(affected.size(), most_listed); ++i) log_.detail(affected[i]->entry.reason);
    if (affected.size() > most_listed) log_.detail(fmt::format("and {} more", affected.size() - most_listed));
  }

  // The write, and the wait for what kpack makes of it.
  std::exception_ptr change() {
    // Asked before anything is written: what fails then leaves nothing behind that no record tells of.
    Latencies latencies(operation_.start, pushed_at());
    std::unique_ptr<kpack::Overview> overview;
    const auto watch = [&] {
      overview = kpack::watch_inventory(cluster_, fleet_.target, std::move(listed_), operation_.context.random, log_);
    };
    if (!patch_.empty()) {
      watch();
      const auto end = log_.clock().steady_now() + for_a_refusal;
      do {
        static_cast<void>(overview->wait(for_a_refusal));
      } while (log_.clock().steady_now() < end);
      log_.heading("CHANGING");
      write();
    }
    log_.heading("REBUILDING");
    const WaitOptions options{now_->generation, log_.clock().steady_now(), params_.waits, params_.trigger_failed};
    RebuildWait wait(cluster_, options, images_, latencies, log_);
    std::exception_ptr ended_by;
    try {
      if (overview != nullptr || !wait.look(listed_.seen)) {
        if (overview == nullptr) watch();
        wait.wait(*overview);
        const auto& target = overview->seen().target;
        if (target && !target->run_image.empty()) record_.run_image = target->run_image;
      }
    } catch (const base::Aborted&) {
      wait.give_up("the put was aborted");
      ended_by = std::current_exception();
    } catch (const Error& error) {
      wait.give_up(error.report().cause);
      ended_by = std::current_exception();
    }
    record_.latency = latencies.summary();
    return ended_by;
  }

  // When the run image that the stack is set to was, where the registry tells it. A way back patches nothing.
  std::optional<base::WallTime> pushed_at() {
    if (wanted_.run_image.empty() || !params_.rollback.empty()) return std::nullopt;
    return operation_.client.pushed_at(registry::Reference::parse(wanted_.run_image, "params.run_image"));
  }

  // On the condition that the target is the one that was read; what another changed meanwhile is read, and the patch
  // made anew.
  void write() {
    const auto& resource = kpack::resource_of(fleet_.target.kind);
    // A patch that is under way when the put is told to end is finished, so that the record tells of it.
    const base::Reprieve reprieve(for_a_patch);
    for (int attempt = 1; attempt <= most_attempts; ++attempt) {
      if (base::end_is_asked()) throw base::Aborted();
      try {
        auto written =
            cluster_.patch(resource, "", fleet_.target.name, kpack::merge_patch(now_->resource_version, patch_));
        now_ = kpack::TargetObject(fleet_.target.kind, std::move(written));
        return log_.success(fmt::format("{} \"{}\" patched", resource.kind, fleet_.target.name));
      } catch (const Error& error) {
        if (error.code() != kubernetes::conflict) throw;
      }
      log_.debug(fmt::format("the {} was changed meanwhile", kpack::text_of(fleet_.target)));
      log_.clock().sleep(between_attempts * attempt);
      auto found = cluster_.find(resource, "", fleet_.target.name);
      if (!found) break;
      now_ = kpack::TargetObject(fleet_.target.kind, std::move(*found));
      if (params_.rollback.empty()) wanted_ = wanted_settings(operation_, *now_, cluster_);
      prepare();
      if (patch_.empty())
        return log_.info(fmt::format("another set the {} to the same", kpack::text_of(fleet_.target)));
    }
    throw Error(ErrorKind::transient,
                {"change", "the " + kpack::text_of(fleet_.target),
                 fmt::format("others changed it {} times meanwhile, or deleted it", most_attempts), "try again later"});
  }

  const Operation& operation_;
  const PutParams& params_;
  const KpackFleet& fleet_;
  base::Log& log_;
  FleetRecord& record_;
  kubernetes::Connection connection_;
  kubernetes::Client& cluster_;
  kpack::Listed listed_;
  std::optional<kpack::TargetObject> now_;
  Wanted wanted_;
  kpack::Patch patch_;
  std::vector<Followed> images_;
};

}  // namespace

std::exception_ptr rebuild(const Operation& operation, FleetRecord& record) {
  return RebuildFleet(operation, record).run();
}

}  // namespace fleet
