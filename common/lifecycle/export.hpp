// The export: the layers are made, compressed and uploaded, several at once, then the image's configuration
// (platform.md "exporter"). The manifest is made, and its caller's to push, when all that belongs to the image is
// there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/layer_maker.hpp"
#include "lifecycle/metadata.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace lifecycle {

struct ExportOptions {
  registry::Repository repository;
  std::string process;                        // the default process type; empty: the buildpacks'
  std::string project_metadata = "{}";        // label
  std::map<std::string, std::string> labels;  // the user's, over those of buildpacks
  std::string created;                        // RFC 3339
};

struct Exported {
  registry::RawManifest manifest;
  std::size_t layers = 0;      // that the build added
  std::size_t reused = 0;      // of these, not made again
  std::uint64_t uploaded = 0;  // bytes
  std::uint64_t size = 0;      // of the whole image, compressed
  LayersMetadata metadata;     // of the layers that the build added
  KnownLayers known;           // their blobs
};

// Error{protocol} when a buildpack wants a layer kept that no previous image has, {denied, transient} from the
// registry.
[[nodiscard]] Exported export_image(registry::Client& client, const Platform& platform, const BuildMetadata& metadata,
                                    const Analysis& analysis, const ExportOptions& options, base::Log& log);

}  // namespace lifecycle
