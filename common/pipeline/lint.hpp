// Reads a whole pipeline before `fly set-pipeline` does, and says which source or params its resources of this type
// would refuse, which job never starts by itself, and what `type: build-service` in place of git, registry-image or a
// kpack resource would mean. Nothing is contacted: each field is judged by the code that reads it in a step.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "concourse/kind.hpp"
#include "pipeline/document.hpp"

namespace pipeline {

enum class Severity { error, warning, note };

struct Finding {
  int line = 0;
  Severity severity = Severity::note;
  std::string text;  // "resource image: cannot read source.tga: there is no such field; did you mean source.tag?"
};

struct Report {
  std::vector<Finding> findings;  // by line
  std::size_t resources = 0;      // those of this type
  std::size_t steps = 0;          // gets and puts of them
  [[nodiscard]] std::size_t count(Severity severity) const;
};

// A resource type is ours when its name, or the last part of its image's repository, begins with "build-service".
// `vars` is an object; what a var without a value would decide is not judged, and a note says so.
[[nodiscard]] Report lint(const Document& pipeline, const json::Value& vars, std::span<const concourse::Kind> kinds);

// The vars of the files, those of a later one before those of an earlier one, as fly loads them. Error{usage}.
[[nodiscard]] json::Value read_vars(const std::vector<std::string>& files);

// "pipeline.yml:12: error: resource image: ..." a line each, and a sentence at the end.
[[nodiscard]] std::string render(const Report& report, const std::string& name);

}  // namespace pipeline
