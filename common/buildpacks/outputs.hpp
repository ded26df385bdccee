// What a bin/build leaves behind in its layers folder (buildpack.md "launch.toml", "build.toml", "store.toml",
// "Layer Content Metadata").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "buildpacks/api_version.hpp"
#include "buildpacks/plan.hpp"
#include "buildpacks/toml.hpp"

namespace buildpacks {

struct Process {
  std::string type;
  std::vector<std::string> command;
  std::optional<std::vector<std::string>> args;  // absent and empty are written differently
  bool direct = true;
  bool is_default = false;
  std::string buildpack_id;
  std::string working_directory;
  std::vector<std::string> execution_environments;
};

struct Label {
  std::string key;
  std::string value;
};

// Paths of the application that become a layer of their own.
struct Slice {
  std::optional<std::vector<std::string>> paths;
};

// An entry of the unstructured bill of materials, from before SBOM files.
struct BomEntry {
  Require require;
  std::string buildpack_id;
  std::string buildpack_version;
};

struct LaunchToml {
  std::vector<Label> labels;
  std::vector<Process> processes;
  std::vector<Slice> slices;
  std::vector<BomEntry> bom;
};

struct BuildToml {
  std::vector<std::string> unmet;
  std::vector<BomEntry> bom;
};

// `buildpack` becomes the owner of processes and entries. Before Buildpack API 0.9 `command` is text, from then on
// a list, and `direct` is forbidden; before 0.8 `working-dir` is ignored. Error{protocol}.
[[nodiscard]] LaunchToml parse_launch_toml(std::string_view text, const std::string& what,
                                           const GroupElement& buildpack, ApiVersion api);
[[nodiscard]] BuildToml parse_build_toml(std::string_view text, const std::string& what, const GroupElement& buildpack);

// <layer>.toml. Without the file, or with all three false, the layer is not kept.
struct LayerToml {
  std::optional<Toml> metadata;
  bool build = false;
  bool launch = false;
  bool cache = false;
};
[[nodiscard]] LayerToml parse_layer_toml(std::string_view text, const std::string& what);
// What restore writes: only the metadata, so that the buildpack decides anew what the layer is for.
[[nodiscard]] std::string restored_layer_toml(const std::optional<Toml>& metadata);

// store.toml's [metadata]; nothing when it has none.
[[nodiscard]] std::optional<Toml> parse_store_toml(std::string_view text, const std::string& what);
[[nodiscard]] std::string store_toml(const Toml& metadata);

}  // namespace buildpacks
