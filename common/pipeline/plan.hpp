// The get and put steps of a pipeline's jobs, however deep they lie: in_parallel, do, try, across, and the hooks of
// steps and jobs (https://concourse-ci.org/steps.html).
#pragma once

#include <string>
#include <vector>

#include "json/value.hpp"
#include "pipeline/document.hpp"

namespace pipeline {

enum class StepKind { get, put };

// A local var that the step is repeated with: ((.:name)). `values` is a list, or a var.
struct Across {
  std::string name;
  const json::Value* values = nullptr;
};

struct Step {
  StepKind kind = StepKind::get;
  std::string name;      // of the step
  std::string resource;  // which resource it gets or puts
  const json::Value* value = nullptr;
  Path path;                   // of the step in the pipeline
  std::vector<Across> across;  // outermost first
  std::size_t artifacts = 0;   // how many of the job's artifacts stand before it
  bool others = false;         // there may be more: outputs of a task in a file
};

struct Job {
  std::string name;
  Path path;
  std::vector<Step> steps;
  std::vector<std::string> artifacts;  // what gets, puts and tasks leave, in their order
};

// In the order in which they stand. Points into `pipeline`. What has not the shape of a step is left to fly.
[[nodiscard]] std::vector<Job> jobs_of(const json::Value& pipeline);

}  // namespace pipeline
