// The configuration of the application's image: the run image's, with the layers, labels and variables of the build
// (platform.md "exporter"). A pure function of what it is given.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/digest.hpp"
#include "lifecycle/metadata.hpp"
#include "lifecycle/platform.hpp"
#include "registry/manifest.hpp"

namespace lifecycle {

struct AddedLayer {
  registry::Descriptor blob;
  std::string diff_id;
  std::string created_by;
};

struct AppImage {
  std::vector<AddedLayer> layers;
  std::map<std::string, std::string> labels;
  std::string entrypoint;
  std::string created;  // RFC 3339; all times of the image are this one
};

struct ComposedImage {
  json::Value config;
  std::vector<registry::Descriptor> layers;        // the run image's, then the added ones, as OCI layers
  std::map<std::string, std::string> annotations;  // of the manifest
};

[[nodiscard]] ComposedImage compose(const registry::Image& run_image, const AppImage& app, const Platform& platform);

// The history of a configuration's layers: exactly one entry for each of `layers`, or empty ones when it does not say
// so much (entries without a layer, or none at all, confuse a rebase). All times are `created`.
[[nodiscard]] json::Value layer_history(const json::Value& config, std::size_t layers, const std::string& created);

// A layer's descriptor with OCI's media type: Docker's layers are OCI's byte for byte, only the name of the type
// differs, and a manifest should have one family.
[[nodiscard]] registry::Descriptor as_oci_layer(registry::Descriptor layer);

// The process type that starts by default; empty: the launcher itself. Error{usage} when `wanted` does not exist.
[[nodiscard]] std::string entrypoint(const BuildMetadata& metadata, const std::string& wanted);

}  // namespace lifecycle
