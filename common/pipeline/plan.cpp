#include "pipeline/plan.hpp"

#include <array>

namespace pipeline {
namespace {

constexpr std::array hooks{"on_success", "on_failure", "on_error", "on_abort", "ensure"};

class Walk {
 public:
  explicit Walk(Job& job) : job_(job) {}

  void list(const json::Value& list, const Path& path) {
    if (!list.is_array()) return note_var(list);
    for (std::size_t index = 0; index < list.size(); ++index) step(list[index], below(path, std::to_string(index)));
  }

  void hooks_of(const json::Value& value, const Path& path) {
    for (const auto* hook : hooks) {
      if (const auto* found = json::find(value, hook)) step(*found, below(path, hook));
    }
  }

 private:
  // Whatever a var will be, it may leave artifacts.
  void note_var(const json::Value& value) {
    if (value.is_string() && value.get_ref<const std::string&>().find("((") != std::string::npos) others_ = true;
  }

  void leave(const std::string& name) {
    note_var(name);
    job_.artifacts.push_back(name);
  }

  void step(const json::Value& value, const Path& path) {
    if (!value.is_object()) return note_var(value);
    const auto outside = across_.size();
    enter_across(value);
    own(value, StepKind::get, "get", path);
    own(value, StepKind::put, "put", path);
    task(value);
    if (const auto* parallel = json::find(value, "in_parallel")) {
      const auto at = below(path, "in_parallel");
      list(*parallel, at);
      if (const auto* listed = json::find(*parallel, "steps")) list(*listed, below(at, "steps"));
    }
    for (const auto* word : {"do", "aggregate"}) {
      if (const auto* steps = json::find(value, word)) list(*steps, below(path, word));
    }
    if (const auto* tried = json::find(value, "try")) step(*tried, below(path, "try"));
    across_.resize(outside);
    hooks_of(value, path);
  }

  void enter_across(const json::Value& value) {
    const auto* vars = json::find(value, "across");
    if (vars == nullptr || !vars->is_array()) return;
    for (const auto& each : *vars) {
      const auto name = json::text_or(each, "var");
      if (const auto* values = json::find(each, "values"); values != nullptr && !name.empty()) {
        across_.push_back({name, values});
      }
    }
  }

  void own(const json::Value& value, StepKind kind, const char* word, const Path& path) {
    const auto name = json::text_or(value, word);
    if (name.empty()) return;
    job_.steps.push_back(
        {kind, name, json::text_or(value, "resource", name), &value, path, across_, job_.artifacts.size(), others_});
    const auto* no_get = json::find(value, "no_get");
    if (no_get == nullptr || *no_get != true) leave(name);
  }

  // What a task leaves is in its config; where that lies in a file, or the step is one of a prototype, nobody knows
  // yet.
  void task(const json::Value& value) {
    if (json::find(value, "run") != nullptr) others_ = true;
    if (json::find(value, "task") == nullptr) return;
    const auto* config = json::find(value, "config");
    if (config == nullptr || !config->is_object()) {
      others_ = true;
      return;
    }
    const auto* outputs = json::find(*config, "outputs");
    if (outputs == nullptr) return;
    if (!outputs->is_array()) return note_var(*outputs);
    const auto* mapping = json::find(value, "output_mapping");
    if (mapping != nullptr) note_var(*mapping);
    for (const auto& output : *outputs) {
      note_var(output);
      const auto name = json::text_or(output, "name");
      leave(mapping == nullptr ? name : json::text_or(*mapping, name, name));
    }
  }

  Job& job_;
  std::vector<Across> across_;
  bool others_ = false;
};

}  // namespace

std::vector<Job> jobs_of(const json::Value& pipeline) {
  std::vector<Job> jobs;
  const auto* listed = json::find(pipeline, "jobs");
  if (listed == nullptr || !listed->is_array()) return jobs;
  for (std::size_t index = 0; index < listed->size(); ++index) {
    const auto& value = (*listed)[index];
    if (!value.is_object()) continue;
    Job job{json::text_or(value, "name"), {"jobs", std::to_string(index)}, {}, {}};
    Walk walk(job);
    if (const auto* plan = json::find(value, "plan")) walk.list(*plan, below(job.path, "plan"));
    walk.hooks_of(value, job.path);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace pipeline
