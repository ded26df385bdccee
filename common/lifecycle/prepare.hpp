// The preparation: what is known of a source before any buildpack runs; then, once a build is sure, an empty layers
// directory, the source in the workspace as the builder's user's, and the user's settings where buildpacks read them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "builds/origin.hpp"
#include "lifecycle/bindings.hpp"
#include "lifecycle/platform.hpp"
#include "lifecycle/source_tree.hpp"

namespace lifecycle {

struct SourceLocation {
  std::filesystem::path root;         // all of it is the build's
  std::filesystem::path application;  // below the root; empty: the root itself
  std::filesystem::path top;          // how far up a .git is looked for
};

struct SourceSettings {
  // Relative to the root; a file that the user named must be there, the default one, in the application, need not.
  std::optional<std::filesystem::path> project;
  std::map<std::string, std::string> environment;
};

struct ExaminedSource {
  SourceTree tree;
  builds::Origin origin;
  buildpacks::ProjectDescriptor project;
  // project.toml's, and over it the user's.
  std::map<std::string, std::string> environment;
};

// Writes nothing. Error{usage} when the source cannot be read or the project descriptor is not to be read.
[[nodiscard]] ExaminedSource examine(const SourceLocation& source, const SourceSettings& settings,
                                     const FieldNames& fields);

// Error{usage} when the source cannot be copied, or changed since it was examined.
void prepare(const Platform& platform, const ExaminedSource& source, const std::vector<Binding>& bindings);

// A variable for buildpacks is a file below platform/env, so its name can hold no '/', and no '.', which would begin an
// action. What is wrong with it, or nothing.
[[nodiscard]] std::optional<std::string> flaw_of_variable(const std::string& name, const std::string& value);

}  // namespace lifecycle
