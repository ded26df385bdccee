#include "lifecycle/export.hpp"

#include <algorithm>
#include <atomic>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "archive/gzip_writer.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/parallel.hpp"
#include "http/message.hpp"
#include "lifecycle/app_image.hpp"
#include "lifecycle/layer_set.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

// Layers that are made or sent at once: enough to hide the waiting, few enough for the registry.
constexpr std::size_t lanes = 4;

struct MadeLayer {
  AddedLayer layer;
  bool reused = false;
};

class Exporter {
 public:
  Exporter(registry::Client& client, const Platform& platform, const Analysis& analysis, const ExportOptions& options,
           base::Log& log)
      : client_(client), platform_(platform), analysis_(analysis), options_(options), log_(log) {}

  Exported run(const BuildMetadata& build) {
    auto set = plan_layers(platform_, build, analysis_.previous);
    const auto& base_layers = analysis_.run_image.image.manifest.layers;
    std::vector<std::optional<MadeLayer>> made(set.layers.size());
    base::for_each_parallel(base_layers.size() + made.size(), lanes, [&](std::size_t i) {
      if (i < base_layers.size()) {
        provide_base_layer(base_layers[i]);
      } else {
        made[i - base_layers.size()] = make(set.layers[i - base_layers.size()], i);
      }
    });
    AppImage app;
    std::size_t reused = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
      set.layers[i].record(set.metadata, made[i]->layer.diff_id);
      if (made[i]->reused) ++reused;
      app.layers.push_back(std::move(made[i]->layer));
    }
    app.labels = labels(build, std::move(set.metadata));
    app.entrypoint = entrypoint(build, options_.process);
    app.created = options_.created;
    return push(compose(analysis_.run_image.image, app, platform_), made.size(), reused);
  }

 private:
  // --- layers of the run image ---

  void provide_base_layer(const registry::Descriptor& layer) {
    if (analysis_.previous && has_layer(analysis_.previous->image.manifest, layer.digest) &&
        analysis_.previous->reference.repository == options_.repository && known_to_previous(layer.digest)) {
      return;
    }
    const auto& from = analysis_.run_image.reference.repository;
    if (from == options_.repository || client_.has_blob(options_.repository, layer.digest)) return;
    if (from.host == options_.repository.host && client_.mount_blob(options_.repository, layer.digest, from)) return;
    copy_blob(from, layer);
  }

  static bool has_layer(const registry::Manifest& manifest, const registry::Digest& digest) {
    return std::any_of(manifest.layers.begin(), manifest.layers.end(),
                       [&](const auto& layer) { return layer.digest == digest; });
  }

  // Only blobs that the analysis saw count: a registry may have lost others.
  [[nodiscard]] bool known_to_previous(const registry::Digest& digest) const {
    const auto& layers = analysis_.previous->layers;
    return std::any_of(layers.begin(), layers.end(), [&](const auto& entry) { return entry.second.digest == digest; });
  }

  void copy_blob(const registry::Repository& from, const registry::Descriptor& layer) {
    const auto path = temporary_.path() / std::string(layer.digest.hex());
    {
      const base::FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      if (!file) throw base::system_error("create", path.string(), errno);
      client_.stream_blob(from, layer, [&](std::string_view bytes) { write_all(file.get(), bytes, path); });
    }
    upload(layer, path);
  }

  static void write_all(int file, std::string_view bytes, const std::filesystem::path& path) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(file, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw base::system_error("write", path.string(), errno);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  // --- layers of the build ---

  MadeLayer make(const PlannedLayer& planned, std::size_t number) {
    if (planned.kept) return reuse(planned, *planned.kept);
    if (const auto diff_id = unchanged(planned)) return reuse(planned, *diff_id);
    const auto path = temporary_.path() / fmt::format("layer-{}.tar.gz", number);
    archive::GzipWriter gzip(pool_, path);
    archive::TarWriter tar([&](std::string_view bytes) { gzip.write(bytes); });
    write(planned, tar);
    const auto file = gzip.finish();
    registry::Descriptor blob{
        std::string(registry::media_type::oci_layer_gzip), file.digest, file.size, {}, std::nullopt, ""};
    log_.detail(fmt::format("adding {} ({})", planned.name, base::human_bytes(file.content_size)));
    upload(blob, path);
    return {{std::move(blob), file.content_digest.text(), planned.created_by}, false};
  }

  // Hashing costs a third of compressing: a layer that may be the previous image's is only hashed at first.
  [[nodiscard]] std::optional<std::string> unchanged(const PlannedLayer& planned) const {
    if (!analysis_.previous || planned.earlier.empty()) return std::nullopt;
    base::Sha256 hash;
    archive::TarWriter tar([&](std::string_view bytes) { hash.update(bytes); });
    write(planned, tar);
    auto diff_id = hash.finish().text();
    const bool is_earlier = std::find(planned.earlier.begin(), planned.earlier.end(), diff_id) != planned.earlier.end();
    if (!is_earlier || !analysis_.previous->layers.contains(diff_id)) return std::nullopt;
    return diff_id;
  }

  void write(const PlannedLayer& planned, archive::TarWriter& tar) const {
    std::optional<FilesAsBuilder> as_builder;
    if (planned.as_builder) as_builder.emplace(platform_.identity);
    planned.write(tar);
    tar.finish();
  }

  MadeLayer reuse(const PlannedLayer& planned, const std::string& diff_id) {
    const auto& blob = analysis_.previous->layers.at(diff_id);
    log_.detail(fmt::format("reusing {}", planned.name));
    return {{blob, diff_id, planned.created_by}, true};
  }

  // --- the image ---

  void upload(const registry::Descriptor& blob, const std::filesystem::path& path) {
    const auto outcome = client_.put_blob(options_.repository, blob, http::file_body(path.string(), 0, blob.size));
    if (outcome == registry::Client::Upload::sent) uploaded_ += blob.size;
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
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

  // A registry refuses a manifest whose blobs are missing, so it goes last.
  Exported push(const ComposedImage& image, std::size_t layers, std::size_t reused) {
    const auto text = json::dump(image.config);
    registry::Descriptor config{
        std::string(registry::media_type::oci_config), base::Sha256::of(text), text.size(), {}, std::nullopt, ""};
    if (client_.put_blob(options_.repository, config, http::text_body(text)) == registry::Client::Upload::sent) {
      uploaded_ += config.size;
    }
    registry::Manifest manifest{std::string(registry::media_type::oci_manifest), config, image.layers, {}, {}, ""};
    const auto raw = registry::serialize(manifest);
    for (const auto& tag : options_.tags) client_.put_manifest({options_.repository, tag, std::nullopt}, raw);
    std::uint64_t size = config.size + raw.bytes.size();
    for (const auto& layer : image.layers) size += layer.size;
    return {raw.digest, layers, reused, uploaded_, size};
  }

  registry::Client& client_;
  const Platform& platform_;
  const Analysis& analysis_;
  const ExportOptions& options_;
  base::Log& log_;
  base::TemporaryDirectory temporary_{"export"};
  archive::CompressionPool pool_;
  std::atomic<std::uint64_t> uploaded_ = 0;
};

}  // namespace

Exported export_image(registry::Client& client, const Platform& platform, const BuildMetadata& metadata,
                      const Analysis& analysis, const ExportOptions& options, base::Log& log) {
  return Exporter(client, platform, analysis, options, log).run(metadata);
}

}  // namespace lifecycle
