#include "kpack/objects.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "kpack/resources.hpp"

namespace kpack {
namespace {

using json::Value;

const Value nothing = Value::object();

// The member at the end of a path of objects, or an empty object.
template <class... Names>
const Value& at(const Value& object, std::string_view name, Names... more) {
  const auto* member = json::find(object, name);
  if (member == nullptr) return nothing;
  if constexpr (sizeof...(more) == 0) {
    return *member;
  } else {
    return at(*member, more...);
  }
}

std::int64_t number_or(const Value& object, std::string_view name) {
  const auto* member = json::find(object, name);
  return member != nullptr && member->is_number_integer() ? member->get<std::int64_t>() : 0;
}

template <class T>
T number_in(const std::string& text) {
  T number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && stop == end ? number : T(0);
}

std::string first_text(const Value& list) {
  return list.is_array() && !list.empty() && list[0].is_string() ? list[0].get<std::string>() : "";
}

BuildState state_of(const Condition& succeeded) {
  if (succeeded.status == "True") return BuildState::succeeded;
  if (succeeded.status == "False") return BuildState::failed;
  return BuildState::running;
}

Step read_step(const Value& entry) {
  Step step;
  step.name = json::text_or(entry, "name");
  if (const auto& waiting = at(entry, "waiting"); !waiting.empty()) {
    step.reason = json::text_or(waiting, "reason");
    step.message = json::text_or(waiting, "message");
  }
  if (json::find(entry, "running") != nullptr) {
    step.state = Step::State::running;
    step.started = json::text_or(at(entry, "running"), "startedAt");
  }
  if (const auto& ended = at(entry, "terminated"); ended.is_object() && !ended.empty()) {
    step.state = Step::State::terminated;
    step.exit_code = static_cast<int>(number_or(ended, "exitCode"));
    step.reason = json::text_or(ended, "reason");
    step.message = json::text_or(ended, "message");
    step.started = json::text_or(ended, "startedAt");
    step.finished = json::text_or(ended, "finishedAt");
  }
  return step;
}

// Where a container has no message, kpack says which one it is: "Container build terminated with error".
void take_name(Step& step) {
  constexpr std::string_view begin = "Container ";
  const std::string_view text = step.message;
  const auto end = text.find(' ', begin.size());
  if (!text.starts_with(begin) || end == std::string_view::npos) return;
  const auto rest = text.substr(end + 1);
  if (rest != "waiting" && rest != "terminated with error" && rest != "terminated successfully") return;
  step.name = text.substr(begin.size(), end - begin.size());
  step.message.clear();
}

// The states have no names, but stand in the pod's order, and those that ended well are named apart.
void name_steps(const Value& completed, std::vector<Step>& steps) {
  constexpr std::array usual{"prepare", "analyze", "detect", "restore", "build", "export", "completion"};
  std::vector<std::string> names;
  bool is_usual = true;
  if (completed.is_array()) {
    for (const auto& name : completed) {
      names.push_back(name.is_string() ? name.get<std::string>() : "");
      is_usual = is_usual && names.size() <= usual.size() && names.back() == usual.at(names.size() - 1);
    }
  }
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!steps[i].name.empty()) continue;
    if (i < names.size()) {
      steps[i].name = names[i];
    } else if (is_usual && steps.size() == usual.size()) {
      steps[i].name = usual.at(i);
    }
  }
}

// When the terminal word was said.
std::string end_of(const Value& status) {
  const auto& conditions = at(status, "conditions");
  if (!conditions.is_array()) return "";
  for (const auto& entry : conditions) {
    if (json::text_or(entry, "type") == "Succeeded") return json::text_or(entry, "lastTransitionTime");
  }
  return "";
}

std::string owner_of(const Value& metadata) {
  const auto& owners = at(metadata, "ownerReferences");
  if (!owners.is_array()) return "";
  for (const auto& owner : owners) {
    if (json::text_or(owner, "kind") == image_resource.kind) return json::text_or(owner, "uid");
  }
  return "";
}

}  // namespace

Condition condition_of(const Value& object, std::string_view type) {
  const auto& conditions = at(object, "status", "conditions");
  if (!conditions.is_array()) return {};
  for (const auto& entry : conditions) {
    if (json::text_or(entry, "type") != type) continue;
    return {json::text_or(entry, "status"), json::text_or(entry, "reason"), json::text_or(entry, "message")};
  }
  return {};
}

Source read_source(const Value& spec) {
  const auto& source = at(spec, "source");
  Source result;
  result.sub_path = json::text_or(source, "subPath");
  const auto is_given = [&](std::string_view name) {
    const auto* member = json::find(source, name);
    return member != nullptr && member->is_object();
  };
  if (is_given("git")) {
    result.kind = Source::Kind::git;
    result.place = json::text_or(at(source, "git"), "url");
    result.revision = json::text_or(at(source, "git"), "revision");
  } else if (is_given("blob")) {
    result.kind = Source::Kind::blob;
    result.place = json::text_or(at(source, "blob"), "url");
  } else if (is_given("registry")) {
    result.kind = Source::Kind::registry;
    result.place = json::text_or(at(source, "registry"), "image");
  }
  return result;
}

std::string_view name_of(Source::Kind kind) {
  switch (kind) {
    case Source::Kind::none:
      return "none";
    case Source::Kind::git:
      return "git";
    case Source::Kind::blob:
      return "blob";
    case Source::Kind::registry:
      return "registry";
  }
  return "";
}

Image::Image(Value object) : value(std::move(object)) {
  const auto& metadata = at(value, "metadata");
  const auto& spec = at(value, "spec");
  const auto& status = at(value, "status");
  name = json::text_or(metadata, "name");
  space = json::text_or(metadata, "namespace");
  uid = json::text_or(metadata, "uid");
  resource_version = json::text_or(metadata, "resourceVersion");
  generation = number_or(metadata, "generation");
  observed_generation = number_or(status, "observedGeneration");
  tag = json::text_or(spec, "tag");
  source = read_source(spec);
  const auto& reference = at(spec, "builder");
  builder = {json::text_or(reference, "kind"), json::text_or(reference, "name"), json::text_or(reference, "namespace")};
  ready = condition_of(value, "Ready");
  latest_image = json::text_or(status, "latestImage");
  latest_build = json::text_or(status, "latestBuildRef");
  build_counter = static_cast<std::uint64_t>(std::max<std::int64_t>(0, number_or(status, "buildCounter")));
}

Build::Build(Value object) : value(std::move(object)) {
  const auto& metadata = at(value, "metadata");
  const auto& labels = at(metadata, "labels");
  const auto& spec = at(value, "spec");
  const auto& status = at(value, "status");
  name = json::text_or(metadata, "name");
  space = json::text_or(metadata, "namespace");
  created = json::text_or(metadata, "creationTimestamp");
  owner_uid = owner_of(metadata);
  image = json::text_or(labels, label::image);
  number = number_in<std::uint64_t>(json::text_or(labels, label::build_number));
  image_generation = number_in<std::int64_t>(json::text_or(labels, label::image_generation));
  reasons = json::text_or(at(metadata, "annotations"), annotation::reason);
  builder = json::text_or(at(metadata, "annotations"), annotation::builder_name);
  builder_image = json::text_or(at(spec, "builder"), "image");
  source = read_source(spec);
  tag = first_text(at(spec, "tags"));
  succeeded = condition_of(value, "Succeeded");
  state = state_of(succeeded);
  pod = json::text_or(status, "podName");
  latest_image = json::text_or(status, "latestImage");
  run_image = json::text_or(at(status, "stack"), "runImage");
  if (state != BuildState::running) finished = end_of(status);
  if (const auto& list = at(status, "buildMetadata"); list.is_array()) {
    for (const auto& entry : list) buildpacks.push_back({json::text_or(entry, "id"), json::text_or(entry, "version")});
  }
  if (const auto& list = at(status, "stepStates"); list.is_array()) {
    for (const auto& entry : list) {
      steps.push_back(read_step(entry));
      take_name(steps.back());
    }
    name_steps(at(status, "stepsCompleted"), steps);
  }
}

std::uint64_t number_of(const std::string& text) { return number_in<std::uint64_t>(text); }

const Build* newest_of(const std::vector<Build>& builds) {
  const Build* newest = nullptr;
  for (const auto& build : builds) {
    if (newest == nullptr || build.number > newest->number) newest = &build;
  }
  return newest;
}

}  // namespace kpack
