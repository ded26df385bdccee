#include "lifecycle/export.hpp"

#include <algorithm>
#include <atomic>

#include "base/parallel.hpp"
#include "lifecycle/app_image.hpp"
#include "lifecycle/layer_maker.hpp"
#include "lifecycle/layer_set.hpp"
#include "lifecycle/transfer.hpp"
#include "registry/limits.hpp"

namespace lifecycle {
namespace {

// Layers that are made or sent at once: enough to hide the waiting, few enough for the registry.
constexpr std::size_t lanes = registry::HostLimits{}.transfers;

class Exporter {
 public:
  Exporter(registry::Client& client, const Platform& platform, const Analysis& analysis, const ExportOptions& options,
           base::Log& log)
      : client_(client),
        platform_(platform),
        analysis_(analysis),
        options_(options),
        maker_(client, platform, options.repository, analysis.previous ? analysis.previous->layers : KnownLayers(),
               log) {}

  Exported run(const BuildMetadata& build) {
    auto set = plan_layers(platform_, build, analysis_.previous);
    const auto& base_layers = analysis_.run_image.image.manifest.layers;
    require_layer_count(base_layers.size() + set.layers.size(), options_.repository);
    std::vector<std::optional<MadeLayer>> made(set.layers.size());
    base::for_each_parallel(base_layers.size() + made.size(), lanes, [&](std::size_t i) {
      if (i < base_layers.size()) {
        provide_base_layer(base_layers[i]);
      } else {
        made[i - base_layers.size()] = maker_.make(set.layers[i - base_layers.size()]);
      }
    });
    AppImage app;
    Exported result{{"", "", base::Sha256::of(""), {}}, made.size(), 0, 0, 0, {}, {}};
    for (std::size_t i = 0; i < made.size(); ++i) {
      const auto& layer = made[i]->layer;
      set.layers[i].record(set.metadata, layer.diff_id);
      result.known.emplace(layer.diff_id, layer.blob);
      if (made[i]->reused) ++result.reused;
      app.layers.push_back(layer);
    }
    result.metadata = set.metadata;
    app.labels = labels(build, std::move(set.metadata));
    app.entrypoint = entrypoint(build, options_.process);
    app.created = options_.created;
    finish(compose(analysis_.run_image.image, app, platform_), result);
    return result;
  }

 private:
  // Only blobs that the analysis saw count: a registry may have lost others.
  void provide_base_layer(const registry::Descriptor& layer) {
    if (analysis_.previous && analysis_.previous->reference.repository == options_.repository) {
      const auto& known = analysis_.previous->layers;
      const auto is_it = [&](const auto& entry) { return entry.second.digest == layer.digest; };
      if (std::any_of(known.begin(), known.end(), is_it)) return;
    }
    const auto provided = provide_blob(client_, options_.repository, analysis_.run_image.reference.repository, layer);
    if (provided == Provided::sent) provided_ += layer.size;
  }

  std::map<std::string, std::string> labels(const BuildMetadata& build, LayersMetadata metadata) const {
    metadata.run_image.top_layer = analysis_.run_image.image.diff_ids().back().text();
    metadata.run_image.reference = analysis_.run_image.reference.text();
    metadata.run_image.name = analysis_.run_image.name;
    std::map<std::string, std::string> result;
    result[std::string(label::lifecycle_metadata)] = to_label(metadata);
    result[std::string(label::build_metadata)] =
        to_label(build, {platform_.launcher_version, platform_.launcher_repository, platform_.launcher_commit});
    result[std::string(label::project_metadata)] = options_.project_metadata;
    for (const auto& own : build.labels) result[own.key] = own.value;
    if (platform_.api >= buildpacks::ApiVersion{0, 15}) {
      result[std::string(label::execution_environment)] = platform_.execution_environment;
    }
    for (const auto& [name, value] : options_.labels) result[name] = value;
    return result;
  }

  void finish(const ComposedImage& image, Exported& result) {
    auto pushed = push_config(client_, options_.repository, image, Novelty::possible);
    result.manifest = std::move(pushed.manifest);
    result.uploaded = maker_.uploaded() + provided_ + pushed.uploaded;
    result.size = pushed.size;
  }

  registry::Client& client_;
  const Platform& platform_;
  const Analysis& analysis_;
  const ExportOptions& options_;
  LayerMaker maker_;
  std::atomic<std::uint64_t> provided_ = 0;
};

}  // namespace

Exported export_image(registry::Client& client, const Platform& platform, const BuildMetadata& metadata,
                      const Analysis& analysis, const ExportOptions& options, base::Log& log) {
  return Exporter(client, platform, analysis, options, log).run(metadata);
}

}  // namespace lifecycle
