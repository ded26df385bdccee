// Programs of buildpacks that set environment variables just before the launch (buildpack.md "Exec.d").
#pragma once

#include <map>
#include <string>
#include <vector>

namespace launcher {

// Runs one with `environment` in the current directory and returns what it wrote to its descriptor 3. Its output is
// the launcher's. An Error when it cannot be started, fails, or writes no TOML of names and texts.
[[nodiscard]] std::map<std::string, std::string> run_exec_d(const std::string& program,
                                                            std::vector<std::string> environment);

}  // namespace launcher
