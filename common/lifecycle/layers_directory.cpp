#include "lifecycle/layers_directory.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"
#include "buildpacks/descriptor.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t largest_output = 16ULL << 20U;

bool is_reserved(const std::string& name) { return name == "store" || name == "launch" || name == "build"; }

}  // namespace

fs::path layers_path(const Platform& platform, std::string_view buildpack) {
  return platform.layers / buildpacks::escaped(buildpack);
}

std::optional<std::string> read_output(const fs::path& file) { return base::read_file_if_exists(file, largest_output); }

BuildpackLayers read_layers(const Platform& platform, std::string_view buildpack) {
  BuildpackLayers result;
  result.path = layers_path(platform, buildpack);
  std::map<std::string, bool> names;  // with contents?
  for (const auto& path : base::entries_if_exists(result.path)) {
    const auto status = base::status_if_exists(path);
    if (status && S_ISDIR(status->st_mode)) {
      names[path.filename().string()] = true;
    } else if (path.extension() == ".toml" && !is_reserved(path.stem().string())) {
      names.emplace(path.stem().string(), false);
    }
  }
  for (const auto& [name, has_contents] : names) {
    BuildpackLayer layer{name, result.path / name, {}, has_contents, fmt::format("{}:{}", buildpack, name)};
    const auto toml = result.path / (name + ".toml");
    if (const auto text = read_output(toml)) layer.settings = buildpacks::parse_layer_toml(*text, toml.string());
    result.layers.push_back(std::move(layer));
  }
  const auto store = result.path / "store.toml";
  if (const auto text = read_output(store)) result.store = buildpacks::parse_store_toml(*text, store.string());
  return result;
}

}  // namespace lifecycle
