#include "lifecycle/restore.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "lifecycle/layers_directory.hpp"

namespace lifecycle {
namespace {

// A launch layer is described when the buildpack may keep it unseen: not when the build itself needs its contents, and
// not when a cache that is not there should bring them.
bool is_describable(const LayerRecord& layer) { return layer.launch && !layer.build && !layer.cache; }

}  // namespace

Restored restore(const Platform& platform, const buildpacks::Group& group, const std::optional<PreviousImage>& previous,
                 base::Log& log) {
  Restored restored;
  if (!previous) return restored;
  const FilesAsBuilder as_builder(platform.identity);
  for (const auto& element : group) {
    const auto* record = previous->metadata.find(element.id);
    if (record == nullptr) continue;
    const auto directory = layers_path(platform, element.id);
    std::filesystem::create_directories(directory);
    if (record->store) {
      base::write_file(directory / "store.toml",
                       *record->store ? buildpacks::store_toml(**record->store) : std::string());
    }
    for (const auto& [name, layer] : record->layers) {
      // Without its blob the layer could not be put into the new image.
      if (!is_describable(layer) || !previous->layers.contains(layer.diff_id)) continue;
      base::write_file(directory / (name + ".toml"), buildpacks::restored_layer_toml(layer.metadata));
      log.detail(fmt::format("{}:{}", element.id, name));
      ++restored.described;
    }
  }
  return restored;
}

}  // namespace lifecycle
