#include "pipeline/plan.hpp"

#include <array>

namespace pipeline {
namespace {

constexpr std::array hooks{"on_success", "on_failure", "on_error", "on_abort", "ensure"};

Path below(const Path& path, std::string key) {
  Path result = path;
  result.push_back(std::move(key));
  return result;
}

void add_step(const json::Value& value, const Path& path, std::vector<Step>& steps);

void add_list(const json::Value& list, const Path& path, std::vector<Step>& steps) {
  if (!list.is_array()) return;
  for (std::size_t index = 0; index < list.size(); ++index) {
    add_step(list[index], below(path, std::to_string(index)), steps);
  }
}

void add_hooks(const json::Value& value, const Path& path, std::vector<Step>& steps) {
  for (const auto* hook : hooks) {
    if (const auto* step = json::find(value, hook)) add_step(*step, below(path, hook), steps);
  }
}

void add_own(const json::Value& value, StepKind kind, const char* word, const Path& path, std::vector<Step>& steps) {
  const auto name = json::text_or(value, word);
  if (name.empty()) return;
  steps.push_back({kind, name, json::text_or(value, "resource", name), &value, path});
}

void add_step(const json::Value& value, const Path& path, std::vector<Step>& steps) {
  if (!value.is_object()) return;
  add_own(value, StepKind::get, "get", path, steps);
  add_own(value, StepKind::put, "put", path, steps);
  if (const auto* parallel = json::find(value, "in_parallel")) {
    const auto at = below(path, "in_parallel");
    add_list(*parallel, at, steps);
    if (const auto* listed = json::find(*parallel, "steps")) add_list(*listed, below(at, "steps"), steps);
  }
  for (const auto* word : {"do", "aggregate"}) {
    if (const auto* list = json::find(value, word)) add_list(*list, below(path, word), steps);
  }
  if (const auto* tried = json::find(value, "try")) add_step(*tried, below(path, "try"), steps);
  add_hooks(value, path, steps);
}

}  // namespace

std::vector<Job> jobs_of(const json::Value& pipeline) {
  std::vector<Job> jobs;
  const auto* listed = json::find(pipeline, "jobs");
  if (listed == nullptr || !listed->is_array()) return jobs;
  for (std::size_t index = 0; index < listed->size(); ++index) {
    const auto& value = (*listed)[index];
    if (!value.is_object()) continue;
    Job job{json::text_or(value, "name"), {"jobs", std::to_string(index)}, {}};
    if (const auto* plan = json::find(value, "plan")) add_list(*plan, below(job.path, "plan"), job.steps);
    add_hooks(value, job.path, job.steps);
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace pipeline
