#include "kpack/pod.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

namespace kpack {
namespace {

using json::Value;

constexpr std::array step_names{"prepare", "analyze", "detect", "restore", "build", "export", "rebase", "completion"};
// What every container says before it starts.
constexpr std::array usual_reasons{"", "PodInitializing", "ContainerCreating"};

const Value* member(const Value& object, std::string_view name) { return json::find(object, name); }

const Value* status_of(const Value& object, const std::string& container) {
  const auto* status = member(object, "status");
  if (status == nullptr) return nullptr;
  for (const auto* list : {"initContainerStatuses", "containerStatuses"}) {
    const auto* entries = member(*status, list);
    if (entries == nullptr || !entries->is_array()) continue;
    for (const auto& entry : *entries) {
      if (json::text_or(entry, "name") == container) return member(entry, "state");
    }
  }
  return nullptr;
}

Step read_step(const std::string& name, const Value* state) {
  Step step;
  step.name = name;
  if (state == nullptr) return step;
  if (const auto* waiting = member(*state, "waiting")) {
    step.reason = json::text_or(*waiting, "reason");
    step.message = json::text_or(*waiting, "message");
  }
  if (const auto* running = member(*state, "running")) {
    step.state = Step::State::running;
    step.started = json::text_or(*running, "startedAt");
  }
  if (const auto* ended = member(*state, "terminated")) {
    step.state = Step::State::terminated;
    step.reason = json::text_or(*ended, "reason");
    step.message = json::text_or(*ended, "message");
    step.started = json::text_or(*ended, "startedAt");
    step.finished = json::text_or(*ended, "finishedAt");
    const auto* code = member(*ended, "exitCode");
    if (code != nullptr && code->is_number_integer()) step.exit_code = code->get<int>();
  }
  return step;
}

}  // namespace

bool is_step(std::string_view container) {
  return std::find(step_names.begin(), step_names.end(), container) != step_names.end();
}

Pod::Pod(const Value& object) {
  if (const auto* metadata = member(object, "metadata")) {
    name = json::text_or(*metadata, "name");
    uid = json::text_or(*metadata, "uid");
  }
  if (const auto* status = member(object, "status")) {
    phase = json::text_or(*status, "phase");
    reason = json::text_or(*status, "reason");
    message = json::text_or(*status, "message");
  }
  scheduled = condition_of(object, "PodScheduled");
  const auto* spec = member(object, "spec");
  if (spec == nullptr) return;
  for (const auto* list : {"initContainers", "containers"}) {
    const auto* containers = member(*spec, list);
    if (containers == nullptr || !containers->is_array()) continue;
    for (const auto& container : *containers) {
      const auto container_name = json::text_or(container, "name");
      if (is_step(container_name)) steps.push_back(read_step(container_name, status_of(object, container_name)));
    }
  }
}

const Step* Pod::step(std::string_view wanted) const {
  const auto found = std::find_if(steps.begin(), steps.end(), [&](const Step& step) { return step.name == wanted; });
  return found == steps.end() ? nullptr : &*found;
}

std::optional<std::string> obstacle_of(const Pod& pod) {
  if (pod.scheduled.status == "False") {
    const auto& why = pod.scheduled.message.empty() ? pod.scheduled.reason : pod.scheduled.message;
    return fmt::format("the pod {} is not scheduled: {}", pod.name, why);
  }
  for (const auto& step : pod.steps) {
    if (step.state != Step::State::waiting) continue;
    if (std::find(usual_reasons.begin(), usual_reasons.end(), step.reason) != usual_reasons.end()) continue;
    return fmt::format("the step {} cannot start: {}{}{}", step.name, step.reason, step.message.empty() ? "" : ": ",
                       step.message);
  }
  return std::nullopt;
}

}  // namespace kpack
