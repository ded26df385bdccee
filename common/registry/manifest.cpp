#include "registry/manifest.hpp"

#include <fmt/format.h>
#include <limits>
#include <sys/utsname.h>

#include "base/error.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

// Far more than any real image has; what comes from a registry is bounded before it is used.
constexpr std::size_t most_layers = 1000;
constexpr std::size_t most_entries = 1000;
constexpr std::size_t most_annotations = 1000;

[[noreturn]] void refuse(std::string_view object, std::string cause) {
  throw Error(ErrorKind::protocol, {"read", std::string(object), std::move(cause), ""});
}

const json::Value& member(const json::Value& value, std::string_view name, std::string_view object) {
  const auto* found = json::find(value, name);
  if (found == nullptr) refuse(object, fmt::format("{} is missing", name));
  return *found;
}

std::map<std::string, std::string> read_annotations(const json::Value& value, std::string_view object) {
  std::map<std::string, std::string> result;
  const auto* annotations = json::find(value, "annotations");
  if (annotations == nullptr || annotations->is_null()) return result;
  if (!annotations->is_object() || annotations->size() > most_annotations)
    refuse(object, "annotations is not a map of texts");
  for (const auto& [name, text] : annotations->items()) {
    if (!text.is_string()) refuse(object, "annotations is not a map of texts");
    result.emplace(name, text.get<std::string>());
  }
  return result;
}

Platform read_platform(const json::Value& value) {
  return {json::text_or(value, "os"), json::text_or(value, "architecture"), json::text_or(value, "variant")};
}

Descriptor read_descriptor(const json::Value& value, std::string_view object) {
  if (!value.is_object()) refuse(object, "a descriptor is not an object");
  auto digest = Digest::parse(json::text_or(value, "digest"));
  if (!digest) refuse(object, "a descriptor has no sha256 digest");
  const auto& size = member(value, "size", object);
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  if (!size.is_number_unsigned() || size.get<std::uint64_t>() > largest)
    refuse(object, "a descriptor has no valid size");
  Descriptor result{json::text_or(value, "mediaType"), *std::move(digest), size.get<std::uint64_t>(),
                    read_annotations(value, object),   std::nullopt,       json::text_or(value, "artifactType")};
  if (const auto* platform = json::find(value, "platform"); platform != nullptr && platform->is_object()) {
    result.platform = read_platform(*platform);
  }
  return result;
}

json::Value write_descriptor(const Descriptor& descriptor) {
  json::Value result = {
      {"mediaType", descriptor.media_type}, {"digest", descriptor.digest.text()}, {"size", descriptor.size}};
  if (!descriptor.annotations.empty()) result["annotations"] = descriptor.annotations;
  if (!descriptor.artifact_type.empty()) result["artifactType"] = descriptor.artifact_type;
  if (const auto& platform = descriptor.platform) {
    result["platform"] = {{"os", platform->os}, {"architecture", platform->architecture}};
    if (!platform->variant.empty()) result["platform"]["variant"] = platform->variant;
  }
  return result;
}

// The variant that an architecture means when none is said (containerd's platforms.Normalize).
std::string_view usual_variant(std::string_view architecture) {
  if (architecture == "arm64") return "v8";
  if (architecture == "arm") return "v7";
  return architecture == "amd64" ? "v1" : "";
}

}  // namespace

bool RawManifest::is_index() const {
  return media_type == media_type::oci_index || media_type == media_type::docker_index;
}

RawManifest parse_raw(std::string media_type, std::string bytes, std::string_view object) {
  json::Value value = json::parse(bytes, object);
  if (!value.is_object()) refuse(object, "it is not an object");
  const std::string said = json::text_or(value, "mediaType");
  // The document's own word counts more than a header's: the digest covers it (image-spec, manifest.md).
  if (!said.empty()) media_type = said;
  if (media_type.find("manifest.v1+prettyjws") != std::string::npos || value.contains("fsLayers")) {
    refuse(object, "it is of Docker's schema 1, which registries have given up; push the image again");
  }
  const bool lists_manifests = value.contains("manifests");
  const bool known = media_type == media_type::oci_manifest || media_type == media_type::docker_manifest ||
                     media_type == media_type::oci_index || media_type == media_type::docker_index;
  if (!known) media_type = lists_manifests ? media_type::oci_index : media_type::oci_manifest;
  Digest digest = base::Sha256::of(bytes);
  return {std::move(media_type), std::move(bytes), std::move(digest), std::move(value)};
}

Manifest parse_manifest(const RawManifest& raw, std::string_view object) {
  if (raw.is_index()) refuse(object, "it is an index, not the manifest of one image");
  Manifest result{raw.media_type, read_descriptor(member(raw.value, "config", object), object), {}, {}, {}, {}};
  const auto& layers = member(raw.value, "layers", object);
  if (!layers.is_array()) refuse(object, "layers is not a list");
  if (layers.size() > most_layers) refuse(object, fmt::format("it has more than {} layers", most_layers));
  for (const auto& layer : layers) result.layers.push_back(read_descriptor(layer, object));
  result.annotations = read_annotations(raw.value, object);
  if (const auto* subject = json::find(raw.value, "subject"); subject != nullptr && !subject->is_null()) {
    result.subject = read_descriptor(*subject, object);
  }
  result.artifact_type = json::text_or(raw.value, "artifactType");
  return result;
}

std::vector<Descriptor> parse_index(const RawManifest& raw, std::string_view object) {
  const auto& entries = member(raw.value, "manifests", object);
  if (!entries.is_array()) refuse(object, "manifests is not a list");
  if (entries.size() > most_entries) refuse(object, fmt::format("it has more than {} entries", most_entries));
  std::vector<Descriptor> result;
  for (const auto& entry : entries) result.push_back(read_descriptor(entry, object));
  return result;
}

RawManifest serialize(const Manifest& manifest) {
  json::Value value = {{"schemaVersion", 2},
                       {"mediaType", manifest.media_type},
                       {"config", write_descriptor(manifest.config)},
                       {"layers", json::Value::array()}};
  for (const auto& layer : manifest.layers) value["layers"].push_back(write_descriptor(layer));
  if (!manifest.annotations.empty()) value["annotations"] = manifest.annotations;
  if (manifest.subject) value["subject"] = write_descriptor(*manifest.subject);
  if (!manifest.artifact_type.empty()) value["artifactType"] = manifest.artifact_type;
  return parse_raw(manifest.media_type, json::dump(value), "a manifest of our own");
}

Platform host_platform() {
  struct utsname machine {};
  uname(&machine);
  const std::string_view name = machine.machine;
  if (name == "x86_64") return {"linux", "amd64", ""};
  if (name == "aarch64") return {"linux", "arm64", ""};
  if (name.starts_with("armv")) return {"linux", "arm", std::string(name.substr(3, 2))};
  return {"linux", std::string(name), ""};
}

const Descriptor* choose(const std::vector<Descriptor>& entries, const Platform& wanted) {
  const Descriptor* best = nullptr;
  int best_rank = 0;
  for (const auto& entry : entries) {
    if (!entry.platform || entry.platform->os != wanted.os || entry.platform->architecture != wanted.architecture)
      continue;
    const std::string_view usual = usual_variant(wanted.architecture);
    const std::string_view has = entry.platform->variant.empty() ? usual : entry.platform->variant;
    const std::string_view wants = wanted.variant.empty() ? usual : wanted.variant;
    // With no variant asked for any will do, the usual one best.
    const int rank = has == wants ? 2 : wanted.variant.empty() ? 1 : 0;
    if (rank > best_rank) {
      best = &entry;
      best_rank = rank;
    }
  }
  return best;
}

std::vector<Digest> Image::diff_ids() const {
  std::vector<Digest> result;
  const auto* rootfs = json::find(config, "rootfs");
  const auto* ids = rootfs == nullptr ? nullptr : json::find(*rootfs, "diff_ids");
  if (ids == nullptr || ids->is_null()) return result;
  if (!ids->is_array()) refuse("the image's configuration", "rootfs.diff_ids is not a list");
  for (const auto& id : *ids) {
    auto digest = id.is_string() ? Digest::parse(id.get_ref<const std::string&>()) : std::nullopt;
    if (!digest) refuse("the image's configuration", "rootfs.diff_ids holds what is not a sha256 digest");
    result.push_back(*std::move(digest));
  }
  return result;
}

std::optional<std::string> Image::label(std::string_view name) const {
  const auto* settings = json::find(config, "config");
  const auto* labels = settings == nullptr ? nullptr : json::find(*settings, "Labels");
  const auto* label = labels == nullptr ? nullptr : json::find(*labels, name);
  if (label == nullptr || !label->is_string()) return std::nullopt;
  return label->get<std::string>();
}

Platform Image::platform() const {
  auto result = read_platform(config);
  if (result.os.empty()) result.os = "linux";
  return result;
}

}  // namespace registry
