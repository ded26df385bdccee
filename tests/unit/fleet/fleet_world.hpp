// A registry in memory with a base, the base patched, and applications on it; and puts of a fleet on them.
#pragma once

#include <fmt/format.h>
#include <map>
#include <sstream>

#include "base/file.hpp"
#include "fleet/put.hpp"
#include "fleet/store.hpp"
#include "support/fixed_random.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "support/tar_builder.hpp"

namespace test {

inline registry::Reference at(const std::string& name) {
  return registry::Reference::parse("r.example.com/" + name, "test");
}

// A layer whose dpkg database has one version of openssl.
inline std::string base_layer(const std::string& version) {
  const auto status = fmt::format("Package: openssl\nStatus: install ok installed\nVersion: {}\n", version);
  return TarBuilder().file("var/lib/dpkg/status", status).bytes();
}

struct AppOptions {
  std::string base = "run:1";
  std::string base_name = "r.example.com/run:base";  // as the label has it
  std::string platform = "amd64";
  std::map<std::string, std::string> labels;
  bool by_buildpacks = true;
};

class FleetWorld {
 public:
  FleetWorld() {
    add_base("run:1", "3.0.11-1");
    add_base("run:2", "3.0.15-1");
  }

  registry::Digest add_base(const std::string& name, const std::string& version, const std::string& platform = "amd64",
                            const std::string& tag = "") {
    const std::vector<std::string> layers{TarBuilder().file("etc/platform", platform).bytes(), base_layer(version)};
    return registry
        .add_image(tag.empty() ? at(name) : at(tag),
                   configuration(platform, layers, {{"io.buildpacks.base.distro.name", "debian"}}), layers)
        .digest;
  }

  registry::Digest add_app(const std::string& name, const AppOptions& options = {}, const std::string& code = "code") {
    const auto base = *registry.find_manifest(at(options.base));
    const auto base_image = *registry.find_image(at(options.base), {"linux", options.platform, ""});
    std::vector<std::string> layers;
    for (const auto& layer : base_image.manifest.layers) {
      layers.push_back(registry.blob(at(options.base).repository, layer, 1U << 20U));
    }
    layers.push_back(code + " of " + name);
    auto labels = options.labels;
    labels["io.buildpacks.base.distro.name"] = "debian";
    if (options.by_buildpacks) {
      labels["io.buildpacks.lifecycle.metadata"] =
          json::dump({{"app", {{{"sha", base::Sha256::of(layers.back()).text()}}}},
                      {"runImage",
                       {{"topLayer", base_image.diff_ids().back().text()},
                        {"reference", at(options.base).with(base_image.raw.digest).text()},
                        {"image", options.base_name}}}});
    }
    return registry.add_image(at(name), configuration(options.platform, layers, labels), layers).digest;
  }

  // An index of images that are there by the digests.
  registry::Digest add_index(const std::string& name,
                             const std::vector<std::pair<registry::Digest, std::string>>& images) {
    json::Value entries = json::Value::array();
    for (const auto& [digest, platform] : images) {
      const auto raw = *registry.find_manifest(at(name).with(digest));
      json::Value entry = {{"mediaType", raw.media_type}, {"digest", digest.text()}, {"size", raw.bytes.size()}};
      entry["platform"] = {{"os", platform == "unknown" ? "unknown" : "linux"}, {"architecture", platform}};
      entries.push_back(entry);
    }
    const json::Value index = {
        {"schemaVersion", 2}, {"mediaType", registry::media_type::oci_index}, {"manifests", entries}};
    const auto raw = registry::parse_raw(std::string(registry::media_type::oci_index), json::dump(index), "an index");
    registry.put_manifest(at(name), raw);
    return raw.digest;
  }

  concourse::VersionAndMetadata put(const json::Value& params = {{"run_image", "r.example.com/run:2"}}) {
    const auto read = fleet::read_source(source);
    operations_before = registry.operations().size();
    last = fleet::put(read, fleet::read_put_params(params, read), inputs.path(), registry, context);
    return last;
  }

  // The record of the last put.
  [[nodiscard]] fleet::FleetRecord record() {
    return fleet::read_fleet(registry, at("fleet:main"), *registry::Digest::parse(last.version.at("fleet"))).record;
  }
  [[nodiscard]] fleet::FleetImage image(const std::string& name) {
    for (const auto& image : record().images) {
      if (image.name() == "r.example.com/" + name) return image;
    }
    return {};
  }
  // "rebased", or "pinned: audit"
  [[nodiscard]] std::string state(const std::string& name) {
    const auto found = image(name);
    return std::string(fleet::name_of(found.state)) + (found.reason.empty() ? "" : ": " + found.reason);
  }
  [[nodiscard]] std::string digest(const std::string& name) {
    const auto named = registry.resolve(at(name));
    return named ? named->digest.text() : "";
  }
  // The directory of a get of the last put.
  void get(const std::string& name) {
    std::filesystem::create_directories(inputs.path() / name);
    base::write_file(inputs.path() / name / "fleet", last.version.at("fleet"));
  }
  // Operations of the last put that begin so.
  [[nodiscard]] std::vector<std::string> operations(const std::string& beginning) {
    std::vector<std::string> result;
    const auto all = registry.operations();
    for (std::size_t i = operations_before; i < all.size(); ++i) {
      if (all[i].starts_with(beginning)) result.push_back(all[i]);
    }
    return result;
  }

  InMemoryRegistry registry;
  json::Value source = {
      {"fleet",
       {{"record", "r.example.com/fleet:main"}, {"images", {"r.example.com/a:main", "r.example.com/b:main"}}}}};
  base::TemporaryDirectory inputs{"fleet"};
  ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  FixedRandom random{4};
  base::Environment environment{{{"BUILD_TEAM_NAME", "main"},
                                 {"BUILD_PIPELINE_NAME", "patch"},
                                 {"BUILD_JOB_NAME", "rebase"},
                                 {"BUILD_NAME", "7"},
                                 {"BUILD_CREATED_BY", "olga"}}};
  concourse::Context context{environment, log, clock, random};
  concourse::VersionAndMetadata last;
  std::size_t operations_before = 0;

 private:
  static json::Value configuration(const std::string& platform, const std::vector<std::string>& layers,
                                   const std::map<std::string, std::string>& labels) {
    json::Value diff_ids = json::Value::array();
    for (const auto& layer : layers) diff_ids.push_back(base::Sha256::of(layer).text());
    return {{"os", "linux"},
            {"architecture", platform},
            {"config", {{"Labels", labels}}},
            {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}};
  }
};

}  // namespace test
