#include "registry/manifest.hpp"

#include <fmt/format.h>
#include <limits>
#include <sys/utsname.h>
#include <variant>

#include "base/error.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

// Far more than any real image has; what comes from a registry is bounded before it is used.
constexpr std::size_t most_layers = 1000;
constexpr std::size_t most_entries = 50'000;  // as many as 4 MiB hold
constexpr std::size_t most_annotations = 1000;

[[noreturn]] void refuse(std::string_view object, std::string cause) {
  throw Error(ErrorKind::protocol, {"read", std::string(object), std::move(cause), ""});
}

const json::Value& member(const json::Value& value, std::string_view name, std::string_view object) {
  const auto* found = json::find(value, name);
  if (found == nullptr) refuse(object, fmt::format("{} is missing", name));
  return *found;
}

// Annotations are remarks: what is not a text is left out.
std::map<std::string, std::string> read_annotations(const json::Value& value) {
  std::map<std::string, std::string> result;
  const auto* annotations = json::find(value, "annotations");
  if (annotations == nullptr || !annotations->is_object()) return result;
  for (const auto& [name, text] : annotations->items()) {
    if (result.size() == most_annotations) break;
    if (text.is_string()) result.emplace(name, text.get<std::string>());
  }
  return result;
}

Platform read_platform(const json::Value& value) {
  return {json::text_or(value, "os"), json::text_or(value, "architecture"), json::text_or(value, "variant")};
}

// Reads a descriptor, or says what is wrong with it.
std::variant<Descriptor, std::string> try_descriptor(const json::Value& value) {
  if (!value.is_object()) return "a descriptor is not an object";
  const std::string said = json::text_or(value, "digest");
  auto digest = Digest::parse(said);
  if (!digest) {
    const auto algorithm = said.substr(0, said.find(':'));
    if (algorithm == "sha256" || algorithm.empty()) return "a descriptor has no valid digest";
    return fmt::format("a descriptor has a digest of {}, and only sha256 is known here",
                       base::printable(algorithm, 32));
  }
  const auto* size = json::find(value, "size");
  constexpr std::uint64_t largest = std::numeric_limits<std::int64_t>::max();
  if (size == nullptr || !size->is_number_unsigned() || size->get<std::uint64_t>() > largest) {
    return "a descriptor has no valid size";
  }
  Descriptor result{json::text_or(value, "mediaType"), *std::move(digest), size->get<std::uint64_t>(),
                    read_annotations(value),           std::nullopt,       json::text_or(value, "artifactType")};
  if (const auto* platform = json::find(value, "platform"); platform != nullptr && platform->is_object()) {
    result.platform = read_platform(*platform);
  }
  return result;
}

Descriptor read_descriptor(const json::Value& value, std::string_view object) {
  auto result = try_descriptor(value);
  if (auto* cause = std::get_if<std::string>(&result)) refuse(object, std::move(*cause));
  return std::get<Descriptor>(std::move(result));
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
  // Two readers would take it for two things (CVE-2021-41190).
  if (lists_manifests && (value.contains("layers") || value.contains("config"))) {
    refuse(object, "it is both an index and the manifest of an image");
  }
  const bool known = media_type == media_type::oci_manifest || media_type == media_type::docker_manifest ||
                     media_type == media_type::oci_index || media_type == media_type::docker_index;
  if (!known) media_type = lists_manifests ? media_type::oci_index : media_type::oci_manifest;
  const bool says_index = media_type == media_type::oci_index || media_type == media_type::docker_index;
  if (says_index != lists_manifests) {
    refuse(object,
           fmt::format("it is of type {} and has {}", media_type, lists_manifests ? "manifests" : "no manifests"));
  }
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
  result.annotations = read_annotations(raw.value);
  if (const auto* subject = json::find(raw.value, "subject"); subject != nullptr && !subject->is_null()) {
    auto read = try_descriptor(*subject);
    if (auto* descriptor = std::get_if<Descriptor>(&read)) result.subject = std::move(*descriptor);
  }
  result.artifact_type = json::text_or(raw.value, "artifactType");
  return result;
}

Index parse_index(const RawManifest& raw, std::string_view object) {
  const auto& entries = member(raw.value, "manifests", object);
  if (!entries.is_array()) refuse(object, "manifests is not a list");
  if (entries.size() > most_entries) refuse(object, fmt::format("it has more than {} entries", most_entries));
  Index result;
  for (const auto& entry : entries) {
    auto read = try_descriptor(entry);
    if (auto* descriptor = std::get_if<Descriptor>(&read)) {
      result.entries.push_back(std::move(*descriptor));
      continue;
    }
    const auto* platform = json::find(entry, "platform");
    const bool has_platform = platform != nullptr && platform->is_object();
    result.flawed.push_back({has_platform ? std::optional(read_platform(*platform)) : std::nullopt,
                             std::get<std::string>(std::move(read))});
  }
  return result;
}

std::vector<Descriptor> parse_whole_index(const RawManifest& raw, std::string_view object) {
  auto index = parse_index(raw, object);
  if (!index.flawed.empty()) refuse(object, index.flawed.front().cause);
  return std::move(index.entries);
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

namespace {

bool is_text_list(const json::Value& value) {
  return value.is_array() &&
         std::all_of(value.begin(), value.end(), [](const json::Value& element) { return element.is_string(); });
}

bool is_text_map(const json::Value& value) {
  return value.is_object() &&
         std::all_of(value.begin(), value.end(), [](const json::Value& element) { return element.is_string(); });
}

bool is_absent(const json::Value* value) { return value == nullptr || value->is_null(); }

// What a runtime reads of `config` (config.md), of the types that it has there. Nothing when it is sound.
std::optional<std::string> flaw_of_settings(const json::Value& config) {
  const auto* settings = json::find(config, "config");
  if (is_absent(settings)) return std::nullopt;
  if (!settings->is_object()) return "config is not an object";
  for (const auto* name : {"Env", "Entrypoint", "Cmd"}) {
    const auto* value = json::find(*settings, name);
    if (!is_absent(value) && !is_text_list(*value)) return fmt::format("config.{} is not a list of texts", name);
  }
  for (const auto* name : {"User", "WorkingDir"}) {
    const auto* value = json::find(*settings, name);
    if (!is_absent(value) && !value->is_string()) return fmt::format("config.{} is not a text", name);
  }
  const auto* labels = json::find(*settings, "Labels");
  if (!is_absent(labels) && !is_text_map(*labels)) return "config.Labels is not a map of texts";
  return std::nullopt;
}

}  // namespace

void Image::require_sound(std::string_view object) const {
  const auto& type = manifest.config.media_type;
  if (type != media_type::oci_config && type != media_type::docker_config) return;
  if (const auto flaw = flaw_of_settings(config)) refuse(object, "its configuration is damaged: " + *flaw);
  const auto ids = diff_ids();
  if (ids.size() != manifest.layers.size()) {
    refuse(object, fmt::format("its manifest has {} layers and its configuration {} diffIDs", manifest.layers.size(),
                               ids.size()));
  }
  const auto* history = json::find(config, "history");
  if (is_absent(history)) return;
  if (!history->is_array()) refuse(object, "its configuration is damaged: history is not a list");
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
