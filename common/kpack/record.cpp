#include "kpack/record.hpp"

#include <algorithm>

#include "git/commit_page.hpp"
#include "kpack/reasons.hpp"
#include "kubernetes/log_merger.hpp"

namespace kpack {
namespace {

// 0 where one of them is not known.
double seconds_between(const std::string& begin, const std::string& end) {
  const auto from = kubernetes::LogTime::parse(begin);
  const auto to = kubernetes::LogTime::parse(end);
  if (!from || !to) return 0;
  return static_cast<double>(std::max<std::int64_t>(0, to->seconds - from->seconds));
}

std::string tag_in(const std::string& reference) {
  const auto name = reference.substr(0, reference.find('@'));
  const auto slash = name.rfind('/');
  const auto colon = name.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos ? "latest" : name.substr(colon + 1);
}

bool is_rebase(const Build& build) {
  return std::any_of(build.steps.begin(), build.steps.end(), [](const Step& step) { return step.name == "rebase"; });
}

std::vector<builds::PhaseTime> phases_of(const std::vector<Step>& steps) {
  std::vector<builds::PhaseTime> phases;
  for (const auto& step : steps) {
    if (step.state == Step::State::terminated && !step.name.empty()) {
      phases.push_back({step.name, seconds_between(step.started, step.finished), 0});
    }
  }
  return phases;
}

}  // namespace

std::string_view status_of(const Build& build) {
  switch (build.state) {
    case BuildState::running:
      return "BUILDING";
    case BuildState::succeeded:
      return builds::status::success;
    case BuildState::failed:
      return builds::status::failure;
  }
  return "";
}

builds::BuildRecord record_of(const Build& build, const std::optional<Pod>& pod) {
  builds::BuildRecord record;
  record.number = build.number;
  record.status = status_of(build);
  record.kind = is_rebase(build) ? "rebase" : "build";
  record.engine = "kpack";
  record.image = build.latest_image;
  record.tag = build.tag.empty() ? "" : tag_in(build.tag);
  record.changes = changes_of(build);
  if (build.source.kind == Source::Kind::git) {
    record.origin.commit = build.source.revision;
    if (const auto commit = git::ObjectId::parse(build.source.revision)) {
      record.origin.page = git::commit_page(build.source.place, *commit).value_or("");
    }
  }
  record.origin.repository = build.source.place;
  record.builder = build.builder;
  record.run_image = build.run_image;
  record.started = build.created;
  record.finished = build.finished;
  record.seconds = seconds_between(build.created, build.finished);
  record.phases = phases_of(pod ? pod->steps : build.steps);
  return record;
}

builds::BuildRow row_of(const Build& build) {
  builds::BuildRow row;
  row.number = build.number;
  row.image = build.latest_image;
  row.reasons = build.reasons;
  row.status = status_of(build);
  row.image_resource = build.image;
  return row;
}

}  // namespace kpack
