// A buildpack's folder below the layers directory, as its bin/build left it: which layers there are, and what for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "buildpacks/outputs.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct BuildpackLayer {
  std::string name;
  std::filesystem::path path;
  buildpacks::LayerToml settings;
  bool has_contents = false;
  // "acme/java:jre"
  std::string identifier;
};

struct BuildpackLayers {
  std::filesystem::path path;
  std::vector<BuildpackLayer> layers;  // sorted by name
  // As in BuildpackRecord.
  std::optional<std::optional<buildpacks::Toml>> store;
};

[[nodiscard]] std::filesystem::path layers_path(const Platform& platform, std::string_view buildpack);

// Error{protocol} naming the file when one is malformed. To be read as the builder's user (FilesAsBuilder).
[[nodiscard]] BuildpackLayers read_layers(const Platform& platform, std::string_view buildpack);

// A file that a buildpack may have written: nothing when it wrote none.
[[nodiscard]] std::optional<std::string> read_output(const std::filesystem::path& file);

}  // namespace lifecycle
