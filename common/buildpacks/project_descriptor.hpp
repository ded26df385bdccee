// project.toml, in which an application's developer says how it is to be built (buildpacks/spec, extension
// "Project Descriptor", schema versions 0.1 and 0.2): which files take part, and variables for the buildpacks.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace buildpacks {

struct ProjectDescriptor {
  // Patterns as in a .gitignore file. At most one of the two lists has any.
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  std::map<std::string, std::string> environment;
  // It names buildpacks or a builder: those of the builder image are used all the same.
  bool names_buildpacks = false;
};

// Nothing when there is no such file. Error{protocol} naming the file and the field, Error{usage} for include beside
// exclude.
[[nodiscard]] std::optional<ProjectDescriptor> read_project_descriptor(const std::filesystem::path& file);

}  // namespace buildpacks
