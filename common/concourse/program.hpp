// The frame of the three programs: options, streams, the log, signals, and errors as one line and an exit status.
// What a step does is given as functions over the kinds of resource; the answer is written only when all of it
// succeeded.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>

#include "concourse/context.hpp"
#include "concourse/kind.hpp"
#include "concourse/request.hpp"

namespace concourse {

// A request that its kind has read: what is left is to explain it, or to do it and to write the answer. `directory` is
// argv[1] of in (the destination) and out (the inputs), empty in check.
struct Task {
  std::function<std::string()> explain;
  std::function<void(const std::filesystem::path& directory, Context&, std::ostream& answer)> run;
};

struct Program {
  StepName step;
  std::string summary;  // the first lines of --help
  std::function<Task(const Request&)> prepare;
  // --schema: what the step accepts, as JSON Schema.
  std::function<json::Value()> schema;
  // --lint: judges a pipeline with the vars of these files, writes what it found, and says whether the pipeline may be
  // set. Only check has it.
  std::function<bool(const std::filesystem::path& pipeline, const std::vector<std::string>& vars, std::ostream&)> lint =
      nullptr;
};

struct Streams {
  std::istream& input;
  std::ostream& output;
  std::ostream& errors;
};

// 0; 1 after an error; 2 for wrong options; 143 when the step was told to end.
[[nodiscard]] int run_program(const Program& program, int argc, const char* const* argv, Streams streams);

// "<what>:" and what each kind that has the step gives for it, a line each.
template <class Step>
[[nodiscard]] std::string summary(std::string_view what, std::span<const Kind> kinds, Offer<Step> Kind::*step);
// "Files of source.uri:" and a line for each file that a get of the kind writes.
[[nodiscard]] std::string files(std::span<const Kind> kinds);
// What the kinds that have the step accept: one schema, or a choice of several, each with the kind as its title. Of in
// they tell the files, too, under the keyword "x-files".
template <class Step>
[[nodiscard]] json::Value schema(std::string_view title, std::span<const Kind> kinds, Offer<Step> Kind::*step);

// What follows is what the two templates stand on.
struct Line {
  std::string_view field;
  std::string_view text;
};
[[nodiscard]] std::string summary_of(std::string_view what, const std::vector<Line>& lines);
[[nodiscard]] json::Value titled(json::Value schema, const Kind& kind);
void add_files(json::Value& schema, const Kind& kind);
[[nodiscard]] json::Value schema_of(std::string_view title, std::vector<json::Value> schemas);

template <class Step>
std::string summary(std::string_view what, std::span<const Kind> kinds, Offer<Step> Kind::*step) {
  std::vector<Line> lines;
  for (const auto& kind : kinds) {
    if (const auto* service = std::get_if<Service<Step>>(&(kind.*step))) lines.push_back({kind.field, service->result});
  }
  return summary_of(what, lines);
}

template <class Step>
json::Value schema(std::string_view title, std::span<const Kind> kinds, Offer<Step> Kind::*step) {
  std::vector<json::Value> schemas;
  for (const auto& kind : kinds) {
    if (const auto* service = std::get_if<Service<Step>>(&(kind.*step))) {
      schemas.push_back(titled(service->schema(), kind));
      if constexpr (std::is_same_v<Step, In>) add_files(schemas.back(), kind);
    }
  }
  return schema_of(title, std::move(schemas));
}

}  // namespace concourse
