#include "lifecycle/cache.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/presence.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/layers_directory.hpp"
#include "lifecycle/transfer.hpp"
#include "registry/limits.hpp"

namespace lifecycle {
namespace {

using base::Error;

constexpr std::size_t lanes = registry::HostLimits{}.transfers;

struct CachePlan {
  std::vector<PlannedLayer> layers;
  std::vector<std::function<void(CacheMetadata&, const std::string&)>> records;
  CacheMetadata metadata;
};

class Planner {
 public:
  Planner(const Platform& platform, const std::optional<CacheImage>& earlier, const Exported& app)
      : platform_(platform), earlier_(earlier), app_(app) {}

  CachePlan run(const buildpacks::Group& group) {
    for (const auto& element : group) add(element);
    const auto sbom = platform_.layers / "sbom/cache";
    if (base::is_directory(sbom)) {
      auto layer = directory("cached SBOM", "Software Bill-of-Materials", sbom);
      if (earlier_) layer.earlier = {earlier_->metadata.sbom};
      plan_.layers.push_back(std::move(layer));
      plan_.records.emplace_back([](CacheMetadata& metadata, const std::string& diff_id) { metadata.sbom = diff_id; });
    }
    return std::move(plan_);
  }

 private:
  [[nodiscard]] PlannedLayer directory(std::string name, std::string created_by, std::filesystem::path path) const {
    PlannedLayer layer;
    layer.name = std::move(name);
    layer.created_by = std::move(created_by);
    layer.write = [from = std::move(path), owner = platform_.identity](archive::TarWriter& tar) {
      write_directory(tar, from, owner);
    };
    return layer;
  }

  void add(const buildpacks::GroupElement& element) {
    const auto index = plan_.metadata.buildpacks.size();
    plan_.metadata.buildpacks.push_back({element.id, element.version, {}, {}});
    const auto* in_app = app_.metadata.find(element.id);
    for (const auto& found : read_layers(platform_, element.id).layers) {
      if (!found.settings.cache || !found.has_contents) continue;
      auto layer =
          directory("cached " + found.identifier,
                    fmt::format("Layer: '{}', Created by buildpack: {}", found.name, element.text()), found.path);
      const auto* before = earlier_ ? earlier_->metadata.find(element.id, found.name) : nullptr;
      if (before != nullptr) layer.earlier.push_back(before->diff_id);
      if (in_app != nullptr && in_app->layers.contains(found.name)) {
        layer.earlier.push_back(in_app->layers.at(found.name).diff_id);
        if (before == nullptr || before->diff_id != layer.earlier.back()) layer.shared = layer.earlier.back();
      }
      plan_.layers.push_back(std::move(layer));
      plan_.records.emplace_back([index, found](CacheMetadata& metadata, const std::string& diff_id) {
        const auto& settings = found.settings;
        metadata.buildpacks[index].layers[found.name] = {diff_id, settings.metadata, settings.build, settings.launch,
                                                         settings.cache};
      });
    }
  }

  const Platform& platform_;
  const std::optional<CacheImage>& earlier_;
  const Exported& app_;
  CachePlan plan_;
};

json::Value configuration(const CacheMetadata& metadata, const std::vector<MadeLayer>& layers,
                          const ExportOptions& options) {
  const auto platform = registry::host_platform();
  json::Value config = {{"os", platform.os},
                        {"architecture", platform.architecture},
                        {"created", options.created},
                        {"config", {{"Labels", {{std::string(label::cache_metadata), to_label(metadata)}}}}},
                        {"rootfs", {{"type", "layers"}, {"diff_ids", json::Value::array()}}},
                        {"history", json::Value::array()}};
  for (const auto& made : layers) {
    config["rootfs"]["diff_ids"].push_back(made.layer.diff_id);
    config["history"].push_back({{"created", options.created}, {"created_by", made.layer.created_by}});
  }
  return config;
}

}  // namespace

std::optional<CacheImage> find_cache(registry::Client& client, const registry::Reference& reference,
                                     const registry::Platform& platform, base::Log& log) {
  const auto dropped = [&](std::string_view why) {
    log.warning(fmt::format("the cache {} is left aside: {}", reference.text(), why));
    return std::nullopt;
  };
  try {
    const auto image = client.find_image(reference, platform);
    if (!image) return std::nullopt;
    const auto text = image->label(label::cache_metadata);
    auto metadata = text ? parse_cache_metadata(*text) : std::nullopt;
    if (!metadata) return dropped("it is not a cache of buildpacks");
    auto layers = available_layers(client, reference.repository, *image, log);
    return CacheImage{reference, *std::move(metadata), std::move(layers)};
  } catch (const Error& error) {
    // A login that may not read would build without a cache for ever.
    if (error.kind() == base::ErrorKind::denied) throw;
    // A build is slower without its cache, and must not fail for it.
    return dropped(error.what());
  }
}

SavedCache save_cache(registry::Client& client, const Platform& platform, const buildpacks::Group& group,
                      const registry::Reference& reference, const std::optional<CacheImage>& earlier,
                      const Exported& app, const ExportOptions& app_options, base::Log& log) {
  CachePlan plan;
  {
    const FilesAsBuilder as_builder(platform.identity);
    plan = Planner(platform, earlier, app).run(group);
  }
  SavedCache saved{plan.layers.size(), 0, 0, false};
  if (plan.layers.empty() && !earlier) return saved;
  KnownLayers known = earlier ? earlier->layers : KnownLayers();
  if (reference.repository == app_options.repository) known.insert(app.known.begin(), app.known.end());
  LayerMaker maker(client, platform, reference.repository, std::move(known), log);
  std::vector<MadeLayer> made(plan.layers.size(),
                              {{{"", base::Sha256::of(""), 0, {}, std::nullopt, ""}, "", ""}, false});
  base::for_each_parallel(made.size(), lanes, [&](std::size_t i) { made[i] = maker.make(plan.layers[i]); });
  std::vector<registry::Descriptor> blobs;
  for (std::size_t i = 0; i < made.size(); ++i) {
    plan.records[i](plan.metadata, made[i].layer.diff_id);
    blobs.push_back(made[i].layer.blob);
    if (made[i].reused) ++saved.reused;
  }
  if (!earlier || to_label(plan.metadata) != to_label(earlier->metadata)) {
    const ComposedImage image{configuration(plan.metadata, made, app_options), std::move(blobs), {}};
    const auto pushed = push_config(client, reference.repository, image, Novelty::possible);
    client.put_manifest(reference, pushed.manifest);
    saved.uploaded = pushed.uploaded;
    saved.pushed = true;
  }
  saved.uploaded += maker.uploaded();
  return saved;
}

}  // namespace lifecycle
