#include "lifecycle/sbom.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

struct Format {
  std::string_view name;
  std::string_view media_type;
};
constexpr std::array formats = {Format{"sbom.cdx.json", "application/vnd.cyclonedx+json"},
                                Format{"sbom.spdx.json", "application/spdx+json"},
                                Format{"sbom.syft.json", "application/vnd.syft+json"}};

// "application/vnd.cyclonedx+json;version=1.4" declares application/vnd.cyclonedx+json.
bool declares(const buildpacks::Descriptor& descriptor, std::string_view media_type) {
  return std::any_of(descriptor.sbom_formats.begin(), descriptor.sbom_formats.end(), [&](const std::string& declared) {
    auto type = declared.substr(0, declared.find(';'));
    type.erase(type.find_last_not_of(' ') + 1);
    return type == media_type;
  });
}

const Format& format_of(const buildpacks::Descriptor& descriptor, const fs::path& path) {
  const auto file = path.filename().string();
  for (const auto& format : formats) {
    if (!file.ends_with(fmt::format(".{}", format.name))) continue;
    if (declares(descriptor, format.media_type)) return format;
    throw Error(ErrorKind::protocol, {"take the SBOM", path.string(),
                                      fmt::format("buildpack {} does not declare {}", descriptor.id, format.media_type),
                                      "it belongs into sbom-formats of its buildpack.toml"});
  }
  throw Error(ErrorKind::protocol, {"take the SBOM", path.string(), "its format is unknown",
                                    "known are .sbom.cdx.json, .sbom.spdx.json and .sbom.syft.json"});
}

std::vector<fs::path> sbom_paths(const fs::path& directory) {
  std::vector<fs::path> result;
  for (const auto& path : base::entries_if_exists(directory)) {
    const auto file = path.filename().string();
    if (file.find(".sbom.") != std::string::npos && file.ends_with(".json")) result.push_back(path);
  }
  return result;
}

std::string_view folder_of(SbomUse use) {
  switch (use) {
    case SbomUse::build:
      return "build";
    case SbomUse::cache:
      return "cache";
    case SbomUse::launch:
      return "launch";
  }
  return "";
}

}  // namespace

std::vector<SbomFile> find_sboms(const buildpacks::Descriptor& descriptor, const BuildpackLayers& layers) {
  std::vector<SbomFile> result;
  for (const auto& path : sbom_paths(layers.path)) {
    const auto file = path.filename().string();
    const auto layer = file.substr(0, file.find('.'));
    const auto add = [&](SbomUse use, const std::string& of) {
      result.push_back({descriptor.id, of, use, path, std::string(format_of(descriptor, path).name)});
    };
    if (layer == "launch") add(SbomUse::launch, "");
    if (layer == "build") add(SbomUse::build, "");
    if (layer == "launch" || layer == "build") continue;
    const auto found = std::find_if(layers.layers.begin(), layers.layers.end(),
                                    [&](const BuildpackLayer& other) { return other.name == layer; });
    if (found == layers.layers.end()) continue;
    add(found->settings.launch ? SbomUse::launch : SbomUse::build, layer);
    if (found->settings.cache) add(SbomUse::cache, layer);
  }
  return result;
}

void collect_sboms(const fs::path& layers, const std::vector<SbomFile>& files) {
  for (const auto& file : files) {
    const auto content = read_output(file.path);
    if (!content) continue;
    const auto directory = layers / "sbom" / folder_of(file.use) / buildpacks::escaped(file.buildpack) / file.layer;
    fs::create_directories(directory);
    base::write_file(directory / file.name, *content);
  }
}

}  // namespace lifecycle
