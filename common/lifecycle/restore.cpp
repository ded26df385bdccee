#include "lifecycle/restore.hpp"

#include <fmt/format.h>
#include <mutex>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/parallel.hpp"
#include "base/presence.hpp"
#include "lifecycle/layers_directory.hpp"
#include "lifecycle/unpack.hpp"
#include "registry/limits.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t lanes = registry::HostLimits{}.transfers;

// A layer whose contents are to come from the cache.
struct Wanted {
  std::string identifier;
  fs::path path;
  std::string diff_id;
};

class Restorer {
 public:
  Restorer(registry::Client& client, const Platform& platform, const std::optional<PreviousImage>& previous,
           const std::optional<CacheImage>& cache, base::Log& log)
      : client_(client), platform_(platform), previous_(previous), cache_(cache), log_(log) {}

  Restored run(const buildpacks::Group& group) {
    for (const auto& element : group) {
      const FilesAsBuilder as_builder(platform_.identity);
      describe(element);
    }
    base::for_each_parallel(wanted_.size(), lanes, [&](std::size_t i) { bring_back(wanted_[i]); });
    restore_sboms(group);
    return restored_;
  }

 private:
  void describe(const buildpacks::GroupElement& element) {
    const auto* record = previous_ ? previous_->metadata.find(element.id) : nullptr;
    if (record != nullptr && record->store) {
      write(layers_path(platform_, element.id) / "store.toml",
            *record->store ? buildpacks::store_toml(**record->store) : std::string());
    }
    if (record != nullptr) {
      for (const auto& [name, layer] : record->layers) describe_launch_layer(element, name, layer);
    }
    if (!cache_) return;
    for (const auto& cached : cache_->metadata.buildpacks) {
      if (cached.id != element.id) continue;
      for (const auto& [name, layer] : cached.layers) {
        const bool in_image = record != nullptr && record->layers.contains(name);
        const bool is_the_images = layer.launch && (in_image || platform_.api < buildpacks::ApiVersion{0, 14});
        if (layer.cache && !is_the_images && cache_->layers.contains(layer.diff_id)) {
          describe_layer(element, name, layer);
          want(element, name, layer.diff_id);
        }
      }
    }
  }

  // A launch layer is described when the buildpack may keep it unseen: not when the build itself needs its contents and
  // the cache does not bring them.
  void describe_launch_layer(const buildpacks::GroupElement& element, const std::string& name,
                             const LayerRecord& layer) {
    if (!layer.launch || (layer.build && !layer.cache)) return;
    if (!layer.cache) {
      // Without its blob the layer could not be put into the new image.
      if (previous_->layers.contains(layer.diff_id)) describe_layer(element, name, layer);
      return;
    }
    const auto* cached = cache_ ? cache_->metadata.find(element.id, name) : nullptr;
    // Of another build than the image: its contents and this description would not fit each other.
    if (cached == nullptr || !cached->cache || cached->diff_id != layer.diff_id) return;
    if (!cache_->layers.contains(cached->diff_id)) return;
    describe_layer(element, name, layer);
    want(element, name, layer.diff_id);
  }

  void describe_layer(const buildpacks::GroupElement& element, const std::string& name, const LayerRecord& layer) {
    write(layers_path(platform_, element.id) / (name + ".toml"), buildpacks::restored_layer_toml(layer.metadata));
    ++restored_.described;
  }

  void want(const buildpacks::GroupElement& element, const std::string& name, const std::string& diff_id) {
    wanted_.push_back({fmt::format("{}:{}", element.id, name), layers_path(platform_, element.id) / name, diff_id});
  }

  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    base::write_file(file, text);
  }

  void bring_back(const Wanted& wanted) {
    try {
      const auto& blob = cache_->layers.at(wanted.diff_id);
      unpack_layer(client_, cache_->reference.repository, blob, wanted.diff_id, wanted.path, platform_);
      log_.detail(fmt::format("{} ({})", wanted.identifier, base::human_bytes(blob.size)));
      const std::lock_guard lock(mutex_);
      ++restored_.layers;
      restored_.bytes += blob.size;
    } catch (const base::Error& error) {
      log_.warning(fmt::format("{} is not restored: {}", wanted.identifier, error.what()));
      std::error_code ignored;
      fs::remove_all(wanted.path, ignored);
      fs::remove(wanted.path.string() + ".toml", ignored);
    }
  }

  // The SBOMs of layers that are kept unseen: a buildpack does not write them again.
  void restore_sboms(const buildpacks::Group& group) {
    const auto root = platform_.layers / "sbom";
    if (cache_) unpack_sbom(cache_->reference.repository, cache_->layers, cache_->metadata.sbom, root / "cache");
    if (previous_) {
      unpack_sbom(previous_->reference.repository, previous_->layers, previous_->metadata.sbom, root / "launch");
    }
    for (const auto& element : group) {
      const FilesAsBuilder as_builder(platform_.identity);
      for (const auto* use : {"cache", "launch"}) copy_sboms(root / use / buildpacks::escaped(element.id), element);
    }
    std::error_code ignored;
    fs::remove_all(root, ignored);
  }

  void unpack_sbom(const registry::Repository& repository, const KnownLayers& layers, const std::string& diff_id,
                   const fs::path& path) {
    const auto found = layers.find(diff_id);
    if (found == layers.end()) return;
    try {
      unpack_layer(client_, repository, found->second, diff_id, path, platform_);
    } catch (const base::Error& error) {
      log_.warning(fmt::format("SBOMs of the last build are not restored: {}", error.what()));
    }
  }

  // sbom/launch/<buildpack>/<layer>/sbom.cdx.json becomes <buildpack>/<layer>.sbom.cdx.json.
  void copy_sboms(const fs::path& from, const buildpacks::GroupElement& element) {
    const auto to = layers_path(platform_, element.id);
    if (!base::is_directory(to)) return;
    for (const auto& layer : base::entries_if_exists(from)) {
      const auto status = base::status_if_exists(layer);
      if (!status || !S_ISDIR(status->st_mode)) continue;
      for (const auto& file : base::entries_if_exists(layer)) {
        const auto name = file.filename().string();
        if (!name.starts_with("sbom.") || !name.ends_with("json")) continue;
        const auto text = read_output(file);
        if (text) base::write_file(to / fmt::format("{}.{}", layer.filename().string(), name), *text);
      }
    }
  }

  registry::Client& client_;
  const Platform& platform_;
  const std::optional<PreviousImage>& previous_;
  const std::optional<CacheImage>& cache_;
  base::Log& log_;
  std::vector<Wanted> wanted_;
  std::mutex mutex_;
  Restored restored_;
};

}  // namespace

Restored restore(registry::Client& client, const Platform& platform, const buildpacks::Group& group,
                 const std::optional<PreviousImage>& previous, const std::optional<CacheImage>& cache, base::Log& log) {
  return Restorer(client, platform, previous, cache, log).run(group);
}

}  // namespace lifecycle
