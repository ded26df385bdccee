// Which layers a build adds to the run image, in their order, before any of them is made: buildpacks' launch layers,
// the SBOM, the application's slices, the launcher, its configuration, the process types.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/tar_writer.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/metadata.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct PlannedLayer {
  std::string name;        // for the log: "acme/java:jre"
  std::string created_by;  // for the image's history
  // Writes its content; runs as the builder's user where `as_builder` says so.
  std::function<void(archive::TarWriter&)> write;
  bool as_builder = true;
  // DiffIDs that it had before, to look at before it is compressed.
  std::vector<std::string> earlier;
  // The diffID that the image of this very build has of it: taken from there, it is not a layer from before.
  std::string shared;
  // Set: the layer has no content here and is the previous image's.
  std::optional<std::string> kept;
  // Takes the diffID into the image's metadata.
  std::function<void(LayersMetadata&, const std::string&)> record;
};

struct LayerSet {
  std::vector<PlannedLayer> layers;
  LayersMetadata metadata;  // with the diffIDs still empty
};

// Error{protocol} when a layer is to be kept that the previous image does not have.
[[nodiscard]] LayerSet plan_layers(const Platform& platform, const BuildMetadata& metadata,
                                   const std::optional<PreviousImage>& previous);

}  // namespace lifecycle
