#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "fleet/mover.hpp"
#include "fleet/operation.hpp"
#include "fleet/progress.hpp"

namespace fleet {
namespace {

using base::Error;

registry::Digest digest_of(const std::string& image) {
  return registry::Reference::parse(image, "the fleet's record").digest.value();
}

class RollBackFleet {
 public:
  RollBackFleet(const Operation& operation, FleetRecord& record)
      : operation_(operation),
        params_(operation.params),
        client_(operation.client),
        log_(operation.log),
        record_(record) {}

  void run() {
    const auto earlier = read_earlier(operation_);
    record_.run_image = earlier.record.run_image;
    record_.rolled_back_to = earlier.digest.text();
    log_.info(fmt::format("back to put #{} of {}, on run image {}", earlier.record.number, earlier.record.finished,
                          earlier.record.run_image));
    wanted_ = earlier.record.images;
    // A repository whose tags could not be listed then has none to go back to.
    std::erase_if(wanted_, [](const auto& image) { return image.tag.empty(); });
    look_at();
    limit();
    log_.heading("PLANNING");
    // A build record's blob, mounted, its manifest, the list of referrers; and the tag.
    const auto planned = record_.count(State::planned);
    log_.info("to be moved: " + text_of(Effort{planned, planned * 4}, params_.rate));
    if (!params_.dry_run) move();
  }

 private:
  void look_at() {
    std::map<std::string, const FleetImage*> last;
    if (operation_.standing) {
      for (const auto& image : operation_.standing->record.images) last[image.name()] = &image;
    }
    record_.images.resize(wanted_.size());
    const auto failures = base::try_each_parallel(wanted_.size(), lanes, [&](std::size_t i) {
      const auto known = last.find(wanted_[i].name());
      look_at(wanted_[i], known == last.end() ? nullptr : known->second, record_.images[i]);
    });
    for (std::size_t i = 0; i < failures.size(); ++i) {
      if (failures[i]) note(verdict_of(*failures[i], State::unreadable), record_.images[i]);
    }
  }

  void look_at(const FleetImage& wanted, const FleetImage* last, FleetImage& result) {
    result.repository = wanted.repository;
    result.tag = wanted.tag;
    result.run_image = wanted.run_image;
    const auto reference = registry::Reference::parse(wanted.name(), "the fleet's record");
    if (const auto away = reachability_.verdict(reference.repository.host)) return note(*away, result);
    if (const auto named = resolve(reference)) {
      result.before = result.image = result.repository + "@" + named->digest.text();
    }
    const auto out = left_out(reference, params_);
    note(out ? *out : judge_way_back(reference, {wanted.image, known(last, result.before), result.before}, params_.pin),
         result);
  }

  // What the last put left the tag at: of what failed also what was tried, since the tag may have been moved.
  static std::string known(const FleetImage* last, const std::string& now) {
    if (last == nullptr) return "";
    return !now.empty() && now == last->attempted ? now : last->image;
  }

  std::optional<registry::Descriptor> resolve(const registry::Reference& reference) {
    try {
      return client_.resolve(reference);
    } catch (const Error& error) {
      reachability_.note(reference.repository.host, error);
      throw;
    }
  }

  static void note(const Verdict& verdict, FleetImage& image) {
    image.state = verdict.state;
    image.reason = base::printable(verdict.reason);
  }

  void limit() {
    if (!params_.limit) return;
    std::vector<Verdict> verdicts;
    for (const auto& image : record_.images) verdicts.push_back({image.state, image.reason});
    apply_limit(verdicts, *params_.limit);
    for (std::size_t i = 0; i < verdicts.size(); ++i) note(verdicts[i], record_.images[i]);
  }

  void move() {
    std::vector<std::size_t> planned;
    for (std::size_t i = 0; i < record_.images.size(); ++i) {
      if (record_.images[i].state == State::planned) planned.push_back(i);
    }
    if (planned.empty()) return;
    log_.heading("MOVING");
    Mover mover(client_, operation_.source.record.repository,
                {link_of(record_), record_.build_url, record_.run_image, {}}, "", params_.rate, reachability_, log_);
    Patience patience(params_.max_failures);
    for (const auto& image : record_.images) patience.note(image.state);
    Progress progress(log_, planned.size());
    Latencies latencies(operation_.start, std::nullopt);
    Ending ending(log_, planned.size());
    base::for_each_parallel(planned.size(), lanes, [&](std::size_t i) {
      auto& image = record_.images[planned[i]];
      const auto began = log_.clock().steady_now();
      const auto one = [](const Verdict& verdict) { return Moved{verdict, 0}; };
      const auto moved = ending.run<Moved>(
          1, [&] { return patience.is_over() ? one(patience.verdict()) : move(image, wanted_[planned[i]], mover); },
          one);
      const auto now = log_.clock().steady_now();
      patience.note(moved.verdict.state);
      note(moved.verdict, image);
      image.build = moved.build;
      image.seconds = std::chrono::duration<double>(now - began).count();
      if (is_change(image.state)) image.image = wanted_[planned[i]].image;
      if (image.state == State::failed) image.attempted = wanted_[planned[i]].image;
      latencies.note(image.state, now);
      progress.done(image);
    });
    record_.latency = latencies.summary();
  }

  static Moved move(const FleetImage& image, const FleetImage& wanted, Mover& mover) {
    const auto reference = registry::Reference::parse(image.name(), "the fleet's record");
    return mover.roll_back({reference, digest_of(image.before), digest_of(wanted.image)});
  }

  const Operation& operation_;
  const PutParams& params_;
  registry::Client& client_;
  base::Log& log_;
  FleetRecord& record_;
  Reachability reachability_;
  std::vector<FleetImage> wanted_;
};

}  // namespace

void roll_back(const Operation& operation, FleetRecord& record) {
  record.operation = operation::rollback;
  RollBackFleet(operation, record).run();
}

}  // namespace fleet
