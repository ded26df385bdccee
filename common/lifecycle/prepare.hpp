// The preparation: an empty layers directory, the source in the workspace as the builder's user's, the user's settings
// where buildpacks read them; and what is known of the source before any buildpack runs.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "builds/origin.hpp"
#include "lifecycle/platform.hpp"
#include "lifecycle/workspace.hpp"

namespace lifecycle {

struct PreparedSource {
  Workspace workspace;
  builds::Origin origin;  // as far as its .git says
  buildpacks::ProjectDescriptor project;
  // project.toml's, and over it the user's.
  std::map<std::string, std::string> environment;
};

struct SourceSettings {
  // Relative to the source; a file that the user named must be there, the default one need not.
  std::optional<std::filesystem::path> project;
  std::map<std::string, std::string> environment;
};

// Error{usage} when the source cannot be copied or the project descriptor is not to be read.
[[nodiscard]] PreparedSource prepare(const Platform& platform, const std::filesystem::path& source,
                                     const SourceSettings& settings);

// A variable for buildpacks is a file below platform/env, so its name can hold no '/', and no '.', which would begin an
// action. What is wrong with it, or nothing.
[[nodiscard]] std::optional<std::string> flaw_of_variable(const std::string& name, const std::string& value);

}  // namespace lifecycle
