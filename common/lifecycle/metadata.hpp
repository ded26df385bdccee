// The labels by which a later build, a rebase and other tools know what an image is made of (platform.md "Image
// Metadata Labels"), and config/metadata.toml, which the launcher reads.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "buildpacks/outputs.hpp"
#include "buildpacks/plan.hpp"
#include "buildpacks/run_images.hpp"
#include "buildpacks/toml.hpp"
#include "json/value.hpp"

namespace lifecycle {

namespace label {
inline constexpr std::string_view lifecycle_metadata = "io.buildpacks.lifecycle.metadata";
inline constexpr std::string_view build_metadata = "io.buildpacks.build.metadata";
inline constexpr std::string_view cache_metadata = "io.buildpacks.lifecycle.cache.metadata";
inline constexpr std::string_view project_metadata = "io.buildpacks.project.metadata";
inline constexpr std::string_view execution_environment = "io.buildpacks.exec-env";
inline constexpr std::string_view rebasable = "io.buildpacks.rebasable";
inline constexpr std::string_view distribution_name = "io.buildpacks.base.distro.name";
inline constexpr std::string_view distribution_version = "io.buildpacks.base.distro.version";
}  // namespace label

// A layer that a buildpack made. `diff_id` is empty while it is not known.
struct LayerRecord {
  std::string diff_id;
  std::optional<buildpacks::Toml> metadata;
  bool build = false;
  bool launch = false;
  bool cache = false;
};

struct BuildpackRecord {
  std::string id;
  std::string version;
  std::map<std::string, LayerRecord> layers;
  // The metadata of store.toml; the inner one is missing when that file has no [metadata].
  std::optional<std::optional<buildpacks::Toml>> store;
};

// io.buildpacks.lifecycle.metadata: the image's layers by their diffIDs.
struct LayersMetadata {
  std::vector<std::string> app;
  std::string sbom;
  std::vector<BuildpackRecord> buildpacks;
  std::string config;
  std::string launcher;
  std::string process_types;
  struct {
    std::string top_layer;
    std::string reference;
    buildpacks::RunImage name;
  } run_image;

  [[nodiscard]] const BuildpackRecord* find(std::string_view buildpack) const;
};

[[nodiscard]] std::string to_label(const LayersMetadata& metadata);
// Lenient: the label may come from another platform or an older version. Nothing when it is not such metadata at all.
[[nodiscard]] std::optional<LayersMetadata> parse_layers_metadata(std::string_view label);

// io.buildpacks.lifecycle.cache.metadata, of a cache image.
struct CacheMetadata {
  std::string sbom;
  std::vector<BuildpackRecord> buildpacks;

  [[nodiscard]] const LayerRecord* find(std::string_view buildpack, const std::string& layer) const;
};
[[nodiscard]] std::string to_label(const CacheMetadata& metadata);
[[nodiscard]] std::optional<CacheMetadata> parse_cache_metadata(std::string_view label);

// What the build phase found out, for the export.
struct BuildMetadata {
  buildpacks::Group buildpacks;
  std::vector<buildpacks::Label> labels;
  std::vector<buildpacks::Process> processes;  // sorted by type
  std::vector<buildpacks::Slice> slices;
  std::string default_process;
};

// <layers>/config/metadata.toml, byte for byte as the reference writes it.
[[nodiscard]] std::string metadata_toml(const BuildMetadata& metadata);

struct LauncherSource {
  std::string version;
  std::string repository;
  std::string commit;
};
// io.buildpacks.build.metadata
[[nodiscard]] std::string to_label(const BuildMetadata& metadata, const LauncherSource& launcher);

// sbom.legacy.json of the entries that launch.toml or build.toml listed: "null" when there are none.
[[nodiscard]] std::string legacy_bom(const std::vector<buildpacks::BomEntry>& entries);

}  // namespace lifecycle
