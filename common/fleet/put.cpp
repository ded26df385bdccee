#include "fleet/put.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "base/wording.hpp"
#include "fleet/in.hpp"
#include "fleet/operation.hpp"
#include "fleet/progress.hpp"
#include "fleet/report.hpp"
#include "fleet/store.hpp"
#include "fleet/version.hpp"
#include "registry/connection.hpp"

namespace fleet {
namespace {

using base::Error;
using base::ErrorKind;

// "main/patch/rebase #7", and the user where the resource exposes who created its builds.
std::string starter(const base::Environment& environment) {
  const auto job = environment.get_or("BUILD_JOB_NAME", "");
  auto text = job.empty() ? ""
                          : fmt::format("{}/{}/{} #{}", environment.get_or("BUILD_TEAM_NAME", "?"),
                                        environment.get_or("BUILD_PIPELINE_NAME", "?"), job,
                                        environment.get_or("BUILD_NAME", "?"));
  const auto user = environment.get_or("BUILD_CREATED_BY", "");
  if (!user.empty()) text += fmt::format("{}by {}", text.empty() ? "" : " ", user);
  return base::printable(text, 512);
}

class Put {
 public:
  Put(const Source& source, const PutParams& params, const std::filesystem::path& inputs, registry::Client& client,
      concourse::Context& context)
      : source_(source), params_(params), inputs_(inputs), client_(client), context_(context), log_(context.log) {}

  concourse::VersionAndMetadata run() {
    begin();
    operate();
    const base::Reprieve reprieve(last_words);
    const auto digest = finish();
    show(digest);
    if (ended_by_) std::rethrow_exception(ended_by_);
    if (base::end_is_asked()) throw base::Aborted();
    require_what_was_asked();
    return {write_version(digest, record_.run_image), metadata_of(record_)};
  }

 private:
  void operate() {
    const Operation operation{source_, params_, inputs_, client_, context_, log_, start_, standing_};
    try {
      if (source_.kpack) {
        ended_by_ = rebuild(operation, record_);
      } else if (params_.rollback.empty()) {
        rebase(operation, record_);
      } else {
        roll_back(operation, record_);
      }
    } catch (const base::Aborted&) {
      // Once images are moved, an end is a verdict of theirs.
      log_.warning("told to end before any image was moved: nothing is changed, and no record is written");
      throw;
    }
  }

  // All that could stop the put is found out before anything is moved.
  void begin() {
    start_ = {context_.clock.steady_now(), context_.clock.now()};
    log_.heading("READING");
    record_.record = source_.record.text();
    record_.started = base::rfc3339(start_.wall);
    record_.started_by = starter(context_.environment);
    record_.build_url = concourse::build_url(context_.environment).value_or("");
    standing_ = find_fleet(client_, source_.record);
    require_writable(client_, source_.record);
    if (!standing_) return log_.info(fmt::format("fleet {}: its first put", source_.record.text()));
    const auto& before = standing_->record;
    follow(record_, before, standing_->digest.text());
    log_.info(fmt::format("fleet {}: put #{} follows #{} of {}", source_.record.text(), record_.number, before.number,
                          before.finished));
  }

  // Another put of the fleet may have ended meanwhile: its record is the one before ours.
  registry::Digest finish() {
    const auto newest = find_fleet(client_, source_.record);
    if (newest && (!standing_ || newest->digest != standing_->digest)) {
      log_.info(fmt::format("another put of the fleet, #{}, ended meanwhile", newest->record.number));
      follow(record_, newest->record, newest->digest.text());
    }
    record_.finished = base::rfc3339(context_.clock.now());
    record_.seconds = std::chrono::duration<double>(context_.clock.steady_now() - start_.steady).count();
    if (params_.dry_run) record_.operation = operation::dry_run;
    return write_fleet(client_, source_.record, record_, params_.dry_run ? RecordTag::left : RecordTag::moved);
  }

  void show(const registry::Digest& digest) {
    log_.heading("RESULT");
    for (const auto& line : table_of(record_)) log_.info(line);
    if (const auto& latency = record_.latency) {
      log_.info(latency_name(record_) + ": " + text_of(*latency));
    }
    log_.info(fmt::format("recorded as put #{}, {}", record_.number, digest.text()));
    const auto* const dry = params_.dry_run ? "dry run, nothing is moved; " : "";
    const auto sentence = fmt::format("{}{}, in {}", dry, sentence_of(record_), base::human_seconds(record_.seconds));
    if (record_.failed() > 0) {
      log_.warning(sentence);
    } else {
      log_.success(sentence);
    }
  }

  // A failed put saves no version, so only what the user asked for fails it; the record is there all the same.
  void require_what_was_asked() const {
    for (const auto wanted : params_.fail_on) {
      const auto cause = cause_to_fail(wanted);
      if (cause.empty()) continue;
      throw Error(ErrorKind::usage, {"finish the put of fleet", source_.record.text(), cause,
                                     "the record is written, and says which: see the table above"});
    }
  }

  [[nodiscard]] std::string cause_to_fail(FailOn wanted) const {
    const auto said = [](std::uint64_t count, std::string_view one, std::string_view more, std::string_view name) {
      return count == 0 ? "" : fmt::format("{} {} (params.fail_on: {})", count, count == 1 ? one : more, name);
    };
    switch (wanted) {
      case FailOn::failed:
        return said(record_.failed(), "image failed", "images failed", "failed");
      case FailOn::not_rebasable:
        return said(record_.count(State::not_rebasable), "image is not rebasable", "images are not rebasable",
                    "not-rebasable");
      case FailOn::needs_build:
        return said(record_.needing_a_build(), "image needs a build", "images need a build", "needs-build");
      case FailOn::added_packages:
        return said(packages(&packages::Difference::added), "package is new in the base",
                    "packages are new in the base", "added-packages");
      case FailOn::removed_packages:
        return said(packages(&packages::Difference::removed), "package is no longer in the base",
                    "packages are no longer in the base", "removed-packages");
    }
    return "";
  }

  [[nodiscard]] std::uint64_t packages(std::vector<packages::Change> packages::Difference::*kind) const {
    std::uint64_t most = 0;
    for (const auto& step : record_.bases)
      most = std::max<std::uint64_t>(most, (step.packages.difference.*kind).size());
    return most;
  }

  const Source& source_;
  const PutParams& params_;
  const std::filesystem::path& inputs_;
  registry::Client& client_;
  concourse::Context& context_;
  base::Log& log_;
  Start start_;
  std::optional<StoredFleet> standing_;
  std::exception_ptr ended_by_;  // before all was done
  FleetRecord record_;
};

}  // namespace

concourse::VersionAndMetadata put(const Source& source, const PutParams& params, const std::filesystem::path& inputs,
                                  registry::Client& client, concourse::Context& context) {
  return Put(source, params, inputs, client, context).run();
}

concourse::VersionAndMetadata put(const Source& source, const PutParams& params, const std::filesystem::path& inputs,
                                  concourse::Context& context) {
  const auto connection = registry::connect(source.hosts, context);
  return put(source, params, inputs, *connection.registry, context);
}

}  // namespace fleet
