#include "image/ready_docker.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <vector>

#include "archive/gzip_writer.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/wording.hpp"
#include "image/ready_documents.hpp"

namespace image {
namespace {

using registry::Descriptor;
using registry::Digest;
using namespace registry::media_type;  // NOLINT(google-build-using-namespace)

constexpr std::size_t most_layers = 1000;
// Two blocks of a megabyte wait for each thread (archive/gzip_writer.hpp).
constexpr std::size_t most_compressors = 4;
constexpr std::string_view by_digest = "blobs/sha256/";
constexpr auto base_name = "org.opencontainers.image.base.name";

enum class Compression { none, gzip, zstd };

Compression compression_of(const Stretch& bytes) {
  std::array<char, 4> start{};
  const auto count = input_of(bytes)->read(start.data(), start.size());
  const std::string_view magic(start.data(), count);
  if (magic.starts_with("\x1f\x8b")) return Compression::gzip;
  return magic == "\x28\xb5\x2f\xfd" ? Compression::zstd : Compression::none;
}

Descriptor described(std::string_view type, const Digest& digest, std::uint64_t size) {
  return {std::string(type), digest, size, {}, std::nullopt, ""};
}

std::vector<std::string> texts_of(const json::Value& object, std::string_view name) {
  std::vector<std::string> result;
  const auto* list = json::find(object, name);
  if (list == nullptr || !list->is_array()) return result;
  for (const auto& element : *list) result.push_back(element.is_string() ? element.get<std::string>() : "");
  return result;
}

class DockerArchive {
 public:
  DockerArchive(Package& package, const ReadyOptions& options, base::Log& log)
      : package_(package), options_(options), log_(log) {}

  std::optional<ReadyImage> read() {
    const auto manifest = package_.open("manifest.json", Package::Links::refused);
    if (!manifest) return std::nullopt;
    choose(json::parse(read_all(*manifest, largest_document), "manifest.json"));
    read_config();
    read_layers();
    auto top = write_manifest();
    auto kind = "an archive of docker save, " + base::counted(layers_.size(), "layer");
    return ReadyImage{std::move(top), {}, std::move(blobs_), std::move(kind), std::move(origins_)};
  }

 private:
  struct Layer {
    std::string path;
    Digest diff_id;
    std::optional<Stretch> bytes;          // nothing: left elsewhere
    std::optional<Descriptor> descriptor;  // once its digest is known
    Compression compression = Compression::none;
  };

  [[noreturn]] void refuse(std::string cause, std::string remedy = "check the step that made it") const {
    refuse_image(options_.name, std::move(cause), std::move(remedy));
  }

  void choose(const json::Value& images) {
    if (!images.is_array() || images.empty() || !images.front().is_object()) refuse("manifest.json names no image");
    if (images.size() > 1) {
      std::string names;
      for (std::size_t i = 0; i < std::min<std::size_t>(images.size(), 5); ++i) {
        const auto tags = texts_of(images[i], "RepoTags");
        names += (names.empty() ? "" : ", ") + (tags.empty() ? std::string("one without a name") : tags.front());
      }
      refuse(fmt::format("it holds {} images: {}", images.size(), names), "save one image alone");
    }
    entry_ = images.front();
    for (const auto& tag : texts_of(entry_, "RepoTags")) {
      for (auto& origin : origins_in({{base_name, tag}})) add_origin(origins_, std::move(origin));
    }
  }

  Stretch open(const std::string& path, const char* what) {
    auto file = path.empty() ? std::nullopt : package_.open(path, Package::Links::followed);
    if (file) return *std::move(file);
    refuse(fmt::format("manifest.json names the {} {}, which is not there", what, path), "save it again, whole");
  }

  // A path below blobs/sha256 is a promise.
  void require_promised(const std::string& path, const Digest& digest) const {
    if (path.starts_with(by_digest) && path.substr(by_digest.size()) != digest.hex()) {
      refuse(fmt::format("{}: its bytes have the digest {}", path, digest.text()), "save it again, whole");
    }
  }

  void read_config() {
    const auto path = json::text_or(entry_, "Config");
    auto file = open(path, "configuration");
    const auto bytes = read_all(file, largest_config);
    const auto digest = base::Sha256::of(bytes);
    require_promised(path, digest);
    const auto config = json::parse(bytes, path);
    // It stands for an image whose manifest is not made yet.
    const registry::RawManifest none{std::string(docker_manifest), "", digest, json::Value::object()};
    const registry::Image image{
        none, {none.media_type, described(docker_config, digest, bytes.size()), {}, {}, std::nullopt, ""}, config};
    diff_ids_ = image.diff_ids();
    const auto count = texts_of(entry_, "Layers").size();
    if (count > most_layers) refuse(fmt::format("it has more than {} layers", most_layers));
    if (count != diff_ids_.size()) {
      refuse(fmt::format("manifest.json names {} layers, and its configuration {} diffIDs", count, diff_ids_.size()));
    }
    if (const auto base = image.label(base_name)) {
      for (auto& origin : origins_in({{base_name, *base}})) add_origin(origins_, std::move(origin));
    }
    config_ = described(docker_config, digest, bytes.size());
    blobs_.push_back({*config_, std::move(file), std::nullopt, true});
  }

  void read_layers() {
    const auto paths = texts_of(entry_, "Layers");
    for (std::size_t i = 0; i < paths.size(); ++i) layers_.push_back(find_layer(paths[i], diff_ids_[i]));
    std::vector<Layer*> plain;
    std::vector<Layer*> compressed;
    std::map<Digest, Layer*> firsts;  // of a diffID: two layers of one are one
    for (auto& layer : layers_) {
      if (layer.descriptor || !firsts.emplace(layer.diff_id, &layer).second) continue;
      (layer.compression == Compression::none ? plain : compressed).push_back(&layer);
    }
    base::for_each_parallel(compressed.size(), base::cores(), [&](std::size_t i) { hash(*compressed[i]); });
    compress(plain);
    for (auto& layer : layers_) {
      if (!layer.descriptor) layer.descriptor = firsts.at(layer.diff_id)->descriptor;
    }
    std::map<Digest, Digest> contents;
    for (const auto* layer : compressed) {
      const auto [known, is_new] = contents.emplace(layer->descriptor->digest, layer->diff_id);
      if (!is_new) refuse(fmt::format("the layer {} has the bytes of another, and its diffID differs", layer->path));
      keep({*layer->descriptor, *layer->bytes, layer->diff_id, false});
    }
  }

  Layer find_layer(const std::string& path, const Digest& diff_id) {
    auto file = path.empty() ? std::nullopt : package_.open(path, Package::Links::followed);
    if (file) {
      const auto compression = compression_of(*file);
      return {path, diff_id, std::move(file), std::nullopt, compression};
    }
    // A layer of Windows' bases is not saved: where it can be had stands beside.
    const auto* sources = json::find(entry_, "LayerSources");
    const auto* source = sources == nullptr ? nullptr : json::find(*sources, diff_id.text());
    if (source == nullptr) open(path, "layer");
    const auto digest = Digest::parse(json::text_or(*source, "digest"));
    const auto* size = json::find(*source, "size");
    const auto type = json::text_or(*source, "mediaType");
    const bool is_foreign =
        type.find("foreign") != std::string::npos || type.find("nondistributable") != std::string::npos;
    if (!digest || size == nullptr || !size->is_number_unsigned() || !is_foreign) open(path, "layer");
    return {path, diff_id, std::nullopt, described(type, *digest, size->get<std::uint64_t>())};
  }

  void hash(Layer& layer) const {
    const auto input = input_of(*layer.bytes);
    base::Sha256 hash;
    std::vector<char> buffer(256UL * 1024);
    while (const auto count = input->read(buffer.data(), buffer.size())) {
      hash.update(std::string_view(buffer.data(), count));
    }
    const auto digest = hash.finish();
    require_promised(layer.path, digest);
    const auto type = layer.compression == Compression::zstd ? oci_layer_zstd : docker_layer_gzip;
    layer.descriptor = described(type, digest, layer.bytes->size);
  }

  void compress(const std::vector<Layer*>& layers) {
    if (layers.empty()) return;
    std::uint64_t total = 0;
    for (const auto* layer : layers) total += layer->bytes->size;
    base::Progress progress(log_, "compressing layers", total);
    archive::CompressionPool pool(std::min(base::cores(), most_compressors));
    for (std::size_t i = 0; i < layers.size(); ++i) {
      auto& layer = *layers[i];
      archive::GzipWriter writer(pool, options_.scratch / fmt::format("layer-{}.gz", i));
      const auto input = input_of(*layer.bytes);
      std::vector<char> buffer(256UL * 1024);
      while (const auto count = input->read(buffer.data(), buffer.size())) {
        writer.write({buffer.data(), count});
        progress.advance(count);
      }
      const auto file = writer.finish();
      if (file.content_digest != layer.diff_id) {
        refuse(fmt::format("the layer {} has the digest {}, and its configuration names {}", layer.path,
                           file.content_digest.text(), layer.diff_id.text()),
               "save it again, whole");
      }
      layer.descriptor = described(docker_layer_gzip, file.digest, file.size);
      keep({*layer.descriptor, file_stretch(file.path, file.size, layer.path), std::nullopt, true});
    }
  }

  void keep(ReadyBlob blob) {
    const bool is_there = std::any_of(blobs_.begin(), blobs_.end(), [&](const ReadyBlob& other) {
      return other.descriptor.digest == blob.descriptor.digest;
    });
    if (!is_there) blobs_.push_back(std::move(blob));
  }

  // The order of members is that of go-containerregistry, so that the same archive has the same digest as by the
  // registry-image resource.
  [[nodiscard]] registry::RawManifest write_manifest() const {
    const auto write = [](const Descriptor& descriptor) {
      // The type of a layer that is left elsewhere is what the archive says: it is quoted.
      return fmt::format(R"({{"mediaType":{},"size":{},"digest":"{}"}})", json::dump(descriptor.media_type),
                         descriptor.size, descriptor.digest.text());
    };
    std::string layers;
    for (const auto& layer : layers_) layers += (layers.empty() ? "" : ",") + write(*layer.descriptor);
    auto manifest =
        registry::parse_raw(std::string(docker_manifest),
                            fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]}})",
                                        docker_manifest, write(*config_), layers),
                            "a manifest of our own");
    const bool has_zstd = std::any_of(layers_.begin(), layers_.end(), [](const Layer& layer) {
      return layer.descriptor->media_type == oci_layer_zstd;
    });
    return has_zstd || !options_.annotations.empty() ? annotated(manifest, options_.annotations) : manifest;
  }

  Package& package_;
  const ReadyOptions& options_;
  base::Log& log_;
  json::Value entry_;
  std::optional<Descriptor> config_;
  std::vector<Digest> diff_ids_;
  std::vector<Layer> layers_;
  std::vector<ReadyBlob> blobs_;
  std::vector<registry::Repository> origins_;
};

}  // namespace

std::optional<ReadyImage> open_docker_archive(Package& package, const ReadyOptions& options, base::Log& log) {
  return DockerArchive(package, options, log).read();
}

}  // namespace image
