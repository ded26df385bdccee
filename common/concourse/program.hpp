// The frame of the three programs: options, streams, the log, signals, and errors as one line and an exit status.
// What a step does is given as functions; the answer is written only when all of it succeeded.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <ostream>
#include <string>

#include "concourse/context.hpp"
#include "concourse/request.hpp"

namespace concourse {

struct Program {
  StepName step;
  std::string summary;  // the first lines of --help
  // Runs the step and writes its answer. `directory` is argv[1] of in (the destination) and out (the sources).
  std::function<void(const Request&, const std::filesystem::path& directory, Context&, std::ostream& answer)> run;
  // --explain: which kind a request is and what it would contact, without contacting it.
  std::function<std::string(const Request&)> explain;
  // --schema: what the step accepts, as JSON Schema.
  std::function<json::Value()> schema;
};

struct Streams {
  std::istream& input;
  std::ostream& output;
  std::ostream& errors;
};

// 0; 1 after an error; 2 for wrong options; 143 when the step was told to end.
[[nodiscard]] int run_program(const Program& program, int argc, const char* const* argv, Streams streams);

}  // namespace concourse
