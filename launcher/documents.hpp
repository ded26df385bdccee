// The TOML that the launcher reads: config/metadata.toml of the image (platform.md "metadata.toml"), written by the
// exporter, and the output of exec.d programs (buildpack.md "Exec.d Output"). Errors are Error{protocol}.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace launcher {

enum class Execution { direct, shell };

struct Process {
  std::string type;
  std::vector<std::string> command;
  std::vector<std::string> arguments;
  Execution execution = Execution::shell;
  std::string buildpack;          // the id of the buildpack that provided it
  std::string working_directory;  // empty: the application's
  std::vector<std::string> execution_environments;
};

struct Buildpack {
  std::string id;
  std::string api;
};

struct Metadata {
  std::vector<Process> processes;
  std::vector<Buildpack> buildpacks;
};

[[nodiscard]] Metadata parse_metadata(std::string_view text);

// Names of environment variables and their values; `program` is named in errors.
[[nodiscard]] std::map<std::string, std::string> parse_exec_d_output(std::string_view text, const std::string& program);

}  // namespace launcher
