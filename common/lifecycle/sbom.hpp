// Software bills of materials: files <layer>.sbom.<format>.json, launch.sbom.<format>.json and build.sbom.<format>.json
// of buildpacks, collected below <layers>/sbom for the image (buildpack.md "Bill-of-Materials").
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "buildpacks/descriptor.hpp"
#include "lifecycle/layers_directory.hpp"

namespace lifecycle {

enum class SbomUse { build, cache, launch };

struct SbomFile {
  std::string buildpack;
  std::string layer;  // empty: of the whole buildpack
  SbomUse use;
  std::filesystem::path path;
  std::string name;  // in the image: "sbom.cdx.json"
};

// Error{protocol} for a format that is unknown or that buildpack.toml does not declare.
[[nodiscard]] std::vector<SbomFile> find_sboms(const buildpacks::Descriptor& descriptor, const BuildpackLayers& layers);

// Copies them to <layers>/sbom/{build,cache,launch}/<buildpack>/<layer>/.
void collect_sboms(const std::filesystem::path& layers, const std::vector<SbomFile>& files);

}  // namespace lifecycle
