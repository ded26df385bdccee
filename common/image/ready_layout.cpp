#include "image/ready_layout.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "image/ready_documents.hpp"

namespace image {
namespace {

using registry::Descriptor;
using registry::RawManifest;

constexpr int deepest_index = 3;
constexpr std::size_t most_manifests = 2000;
constexpr std::uint64_t largest_manifests = 64'000'000;  // together: they are held until the end
constexpr std::uint64_t largest_marker = 1024;

std::string blob_path(const registry::Digest& digest) { return fmt::format("blobs/sha256/{}", digest.hex()); }

// Layers that registries need not have, since whoever made them forbade it (image-spec, layer.md): Windows' bases.
bool is_left_elsewhere(const Descriptor& layer) {
  return layer.media_type.find("nondistributable") != std::string::npos ||
         layer.media_type.find("foreign") != std::string::npos;
}

std::size_t distinct(const std::vector<Descriptor>& entries) {
  std::set<registry::Digest> digests;
  for (const auto& entry : entries) digests.insert(entry.digest);
  return digests.size();
}

class Layout {
 public:
  Layout(Package& package, const ReadyOptions& options) : package_(package), options_(options) {}

  std::optional<ReadyImage> read() {
    const auto text = package_.open("index.json", Package::Links::refused);
    if (!text) return std::nullopt;
    check_marker();
    auto top = find_top(registry::parse_raw(std::string(registry::media_type::oci_index),
                                            read_all(*text, largest_document), "index.json"));
    add(top, 0);
    // The one that was added last gets the tags.
    parts_.pop_back();
    auto kind = top.is_index() ? fmt::format("an OCI image layout, an index of {}", top.value["manifests"].size())
                               : std::string("an OCI image layout");
    auto blobs = std::exchange(blobs_, {});
    for (const auto& referrer : referrers_) add_image(referrer, "manifest " + referrer.digest.text());
    if (!options_.annotations.empty()) top = annotated_top(top);
    return ReadyImage{std::move(top),      std::move(parts_),     std::move(blobs), std::move(kind),
                      std::move(origins_), std::move(referrers_), std::move(blobs_)};
  }

 private:
  // Tools take a layout without it, so it is judged only where it is there.
  void check_marker() {
    const auto file = package_.open("oci-layout", Package::Links::refused);
    if (!file) return;
    const auto marker = json::parse(read_all(*file, largest_marker), "the file oci-layout");
    const auto version = json::text_or(marker, "imageLayoutVersion");
    if (version.starts_with("1.")) return;
    refuse_image(options_.name,
                 fmt::format("its layout is of the unknown version \"{}\"", base::printable(version, 32)));
  }

  RawManifest annotated_top(const RawManifest& top) {
    for (const auto& referrer : referrers_) {
      const auto subject = registry::parse_manifest(referrer, "manifest " + referrer.digest.text()).subject;
      if (subject && subject->digest == top.digest) {
        refuse_image(options_.name,
                     fmt::format("params.annotations would give it another digest than {}, to which {} refers",
                                 top.digest.text(), referrer.digest.text()),
                     "annotate it before something is attached to it");
      }
    }
    return annotated(top, options_.annotations);
  }

  // Tools lay signatures and bills of materials into index.json beside the one image that they are of: these follow it
  // by its digest. Beside several images they are parts of the index as all the rest.
  std::vector<Descriptor> without_referrers(std::vector<Descriptor> entries) {
    if (distinct(entries) < 2 || entries.size() > most_manifests) return entries;
    std::vector<Descriptor> images;
    std::vector<RawManifest> referrers;
    for (const auto& entry : entries) {
      auto manifest = read_manifest(entry, "index.json");
      const bool refers = !manifest.is_index() &&
                          registry::parse_manifest(manifest, "manifest " + manifest.digest.text()).subject.has_value();
      if (!refers) {
        images.push_back(entry);
      } else if (std::none_of(referrers.begin(), referrers.end(),
                              [&](const auto& known) { return known.digest == manifest.digest; })) {
        count(manifest);
        referrers.push_back(std::move(manifest));
      }
    }
    if (distinct(images) != 1) return entries;
    referrers_ = std::move(referrers);
    return images;
  }

  // An index that holds nothing but one index is a wrapping, as containerd and BuildKit have it.
  RawManifest find_top(RawManifest index) {
    auto entries = without_referrers(registry::parse_whole_index(index, "index.json"));
    if (entries.empty()) refuse_image(options_.name, "index.json names no image", "check the step that made it");
    for (int depth = 0; distinct(entries) == 1; ++depth) {
      if (depth > deepest_index) refuse_image(options_.name, "its indexes are nested too deep");
      auto only = read_manifest(entries.front(), "index.json");
      if (!only.is_index()) return depth == 0 || names_single_image() ? only : index;
      index = std::move(only);
      entries = registry::parse_whole_index(index, "the index " + index.digest.text());
      if (entries.empty()) return index;
    }
    const auto single = single_image();
    if (!single) return index;
    for (const auto& entry : entries) {
      if (entry.digest == *single) return read_manifest(entry, "single-image-digest");
    }
    refuse_image(options_.name, fmt::format("single-image-digest names {}, which index.json does not", single->text()));
  }

  // As a get of the registry-image resource says that an image was one before it came into a layout.
  std::optional<registry::Digest> single_image() {
    const auto file = package_.open("single-image-digest", Package::Links::refused);
    if (!file) return std::nullopt;
    auto text = read_all(*file, largest_marker);
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    auto digest = registry::Digest::parse(text);
    if (!digest) refuse_image(options_.name, "single-image-digest holds no sha256 digest");
    return digest;
  }
  bool names_single_image() { return single_image().has_value(); }

  RawManifest read_manifest(const Descriptor& entry, const std::string& by) {
    const auto file = open_blob(entry, by);
    auto bytes = read_all(file, largest_document);
    if (base::Sha256::of(bytes) != entry.digest) {
      refuse_image(options_.name, fmt::format("{}: its bytes have another digest", file.name));
    }
    return registry::parse_raw(entry.media_type, std::move(bytes), file.name);
  }

  Stretch open_blob(const Descriptor& blob, const std::string& by) {
    auto file = package_.open(blob_path(blob.digest), Package::Links::refused);
    if (!file) {
      refuse_image(options_.name, fmt::format("{} names {}, which is not there", by, blob.digest.text()),
                   "a layout is pushed with all it names: copy it whole");
    }
    if (file->size != blob.size) {
      refuse_image(options_.name, fmt::format("{} has {} bytes, and {} says {}", file->name, file->size, by, blob.size),
                   "the layout is damaged: copy it again");
    }
    return *std::move(file);
  }

  void count(const RawManifest& manifest) {
    bytes_ += manifest.bytes.size();
    if (bytes_ <= largest_manifests) return;
    refuse_image(options_.name,
                 fmt::format("its manifests are larger than {} together", base::human_bytes(largest_manifests)));
  }

  void add(const RawManifest& manifest, int depth) {
    if (!seen_.insert(manifest.digest).second) return;
    count(manifest);
    if (seen_.size() > most_manifests || depth > deepest_index) {
      refuse_image(options_.name,
                   fmt::format("its index names more than {} manifests, or more than {} below each other",
                               most_manifests, deepest_index));
    }
    const auto object = "manifest " + manifest.digest.text();
    if (manifest.is_index()) {
      for (const auto& entry : registry::parse_whole_index(manifest, object)) {
        add_origins(entry.annotations);
        add(read_manifest(entry, object), depth + 1);
      }
    } else {
      add_image(manifest, object);
    }
    parts_.push_back(manifest);
  }

  void add_image(const RawManifest& raw, const std::string& object) {
    const auto manifest = registry::parse_manifest(raw, object);
    add_origins(manifest.annotations);
    add_blob(manifest.config, object);
    check_config(raw, manifest, object);
    for (const auto& layer : manifest.layers) {
      add_origins(layer.annotations);
      const bool may_lack = is_left_elsewhere(layer);
      if (!may_lack || package_.open(blob_path(layer.digest), Package::Links::refused)) add_blob(layer, object);
    }
  }

  void check_config(const RawManifest& raw, const registry::Manifest& manifest, const std::string& object) {
    const auto& type = manifest.config.media_type;
    if (type != registry::media_type::oci_config && type != registry::media_type::docker_config) return;
    const auto bytes = read_all(open_blob(manifest.config, object), largest_config);
    if (base::Sha256::of(bytes) != manifest.config.digest) {
      refuse_image(options_.name, fmt::format("{}: its bytes have another digest", blob_path(manifest.config.digest)));
    }
    const registry::Image image{raw, manifest, json::parse(bytes, "the configuration of " + object)};
    image.require_sound(object);
    if (const auto base = image.label("org.opencontainers.image.base.name")) {
      add_origins({{"org.opencontainers.image.base.name", *base}});
    }
  }

  void add_blob(const Descriptor& blob, const std::string& by) {
    auto file = open_blob(blob, by);
    if (known_.insert(blob.digest).second) blobs_.push_back({blob, std::move(file)});
  }

  void add_origins(const std::map<std::string, std::string>& annotations) {
    for (auto& origin : origins_in(annotations)) add_origin(origins_, std::move(origin));
  }

  Package& package_;
  const ReadyOptions& options_;
  std::vector<RawManifest> parts_;
  std::vector<ReadyBlob> blobs_;
  std::vector<RawManifest> referrers_;
  std::vector<registry::Repository> origins_;
  std::set<registry::Digest> seen_;
  std::set<registry::Digest> known_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::optional<ReadyImage> open_layout(Package& package, const ReadyOptions& options) {
  return Layout(package, options).read();
}

}  // namespace image
