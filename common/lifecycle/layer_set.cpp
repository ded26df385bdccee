#include "lifecycle/layer_set.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/presence.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/layers_directory.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

class Planner {
 public:
  Planner(const Platform& platform, const BuildMetadata& metadata, const std::optional<PreviousImage>& previous)
      : platform_(platform), metadata_(metadata), previous_(previous) {}

  LayerSet run() {
    for (const auto& element : metadata_.buildpacks) add_buildpack(element);
    add_sbom();
    add_application();
    add_launcher();
    return std::move(set_);
  }

 private:
  static std::vector<std::string> unless_empty(const std::string& diff_id) {
    return diff_id.empty() ? std::vector<std::string>() : std::vector{diff_id};
  }

  [[nodiscard]] PlannedLayer directory(std::string name, std::string created_by, std::filesystem::path path) const {
    PlannedLayer layer;
    layer.name = std::move(name);
    layer.created_by = std::move(created_by);
    layer.write = [from = std::move(path), owner = platform_.identity](archive::TarWriter& tar) {
      write_directory(tar, from, owner);
    };
    return layer;
  }

  void add_buildpack(const buildpacks::GroupElement& element) {
    const auto directory_of = read_layers(platform_, element.id);
    const auto* earlier = previous_ ? previous_->metadata.find(element.id) : nullptr;
    const auto index = set_.metadata.buildpacks.size();
    set_.metadata.buildpacks.push_back({element.id, element.version, {}, directory_of.store});
    for (const auto& found : directory_of.layers) {
      if (!found.settings.launch) continue;
      auto layer =
          directory(found.identifier, fmt::format("Layer: '{}', Created by buildpack: {}", found.name, element.text()),
                    found.path);
      const auto record =
          earlier != nullptr ? earlier->layers.find(found.name) : std::map<std::string, LayerRecord>::const_iterator();
      const bool is_known = earlier != nullptr && record != earlier->layers.end();
      if (is_known) layer.earlier = unless_empty(record->second.diff_id);
      if (!found.has_contents) keep(layer, found, is_known ? record->second.diff_id : "");
      layer.record = [index, found](LayersMetadata& metadata, const std::string& diff_id) {
        const auto& settings = found.settings;
        metadata.buildpacks[index].layers[found.name] = {diff_id, settings.metadata, settings.build, settings.launch,
                                                         settings.cache};
      };
      set_.layers.push_back(std::move(layer));
    }
  }

  void keep(PlannedLayer& layer, const BuildpackLayer& found, const std::string& diff_id) const {
    const auto fail = [&](const char* cause) {
      throw Error(ErrorKind::protocol,
                  {"keep layer", found.identifier, cause, "its buildpack must write its contents"});
    };
    if (found.settings.cache) fail("it is cached but has no contents");
    if (diff_id.empty() || !previous_->layers.contains(diff_id))
      fail("it has no contents, and no previous image has it");
    layer.kept = diff_id;
  }

  void add_sbom() {
    const auto path = platform_.layers / "sbom/launch";
    if (!base::is_directory(path)) return;
    auto layer = directory("SBOM", "Software Bill-of-Materials", path);
    if (previous_) layer.earlier = unless_empty(previous_->metadata.sbom);
    layer.record = [](LayersMetadata& metadata, const std::string& diff_id) { metadata.sbom = diff_id; };
    set_.layers.push_back(std::move(layer));
  }

  void add_application() {
    const auto parents = list_parents(platform_.application);
    auto slices = slice(platform_.application, metadata_.slices);
    const bool is_whole = slices.size() == 1;
    set_.metadata.app.resize(slices.size());
    for (std::size_t i = 0; i < slices.size(); ++i) {
      PlannedLayer layer;
      layer.name = is_whole ? "application" : fmt::format("application slice {}", i + 1);
      layer.created_by = is_whole ? "Application Layer" : fmt::format("Application Slice: {}", i + 1);
      layer.write = [parents, entries = std::move(slices[i]), owner = platform_.identity](archive::TarWriter& tar) {
        write_entries(tar, parents, entries, owner);
      };
      if (previous_) layer.earlier = previous_->metadata.app;
      layer.record = [i](LayersMetadata& metadata, const std::string& diff_id) { metadata.app[i] = diff_id; };
      set_.layers.push_back(std::move(layer));
    }
  }

  void add_launcher() {
    PlannedLayer launcher;
    launcher.name = "launcher";
    launcher.created_by = "Buildpacks Application Launcher";
    launcher.write = [path = platform_.launcher](archive::TarWriter& tar) { write_launcher(tar, path); };
    launcher.as_builder = false;
    if (previous_) launcher.earlier = unless_empty(previous_->metadata.launcher);
    launcher.record = [](LayersMetadata& metadata, const std::string& diff_id) { metadata.launcher = diff_id; };
    set_.layers.push_back(std::move(launcher));

    auto config = directory("launcher configuration", "Buildpacks Launcher Config", platform_.layers / "config");
    if (previous_) config.earlier = unless_empty(previous_->metadata.config);
    config.record = [](LayersMetadata& metadata, const std::string& diff_id) { metadata.config = diff_id; };
    set_.layers.push_back(std::move(config));

    if (metadata_.processes.empty()) return;
    PlannedLayer types;
    types.name = "process types";
    types.created_by = "Buildpacks Process Types";
    types.write = [processes = metadata_.processes](archive::TarWriter& tar) { write_process_types(tar, processes); };
    if (previous_) types.earlier = unless_empty(previous_->metadata.process_types);
    types.record = [](LayersMetadata& metadata, const std::string& diff_id) { metadata.process_types = diff_id; };
    set_.layers.push_back(std::move(types));
  }

  const Platform& platform_;
  const BuildMetadata& metadata_;
  const std::optional<PreviousImage>& previous_;
  LayerSet set_;
};

}  // namespace

LayerSet plan_layers(const Platform& platform, const BuildMetadata& metadata,
                     const std::optional<PreviousImage>& previous) {
  const FilesAsBuilder as_builder(platform.identity);
  return Planner(platform, metadata, previous).run();
}

}  // namespace lifecycle
