// The lifecycle's phases from analyze to export, on this machine: detect, restore, build, and the layers in the
// registry. The manifest is made, and its caller's to publish.
#pragma once

#include <optional>

#include "base/environment.hpp"
#include "builds/phases.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/cache.hpp"
#include "lifecycle/export.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace image {

struct EmbeddedBuild {
  lifecycle::Exported image;
  lifecycle::BuildMetadata metadata;
  std::optional<lifecycle::CacheImage> cache;  // the one that was restored
};

struct EmbeddedBuildOptions {
  lifecycle::ExportOptions image;
  registry::Platform platform;
  // Nothing: neither cached nor earlier layers are used.
  std::optional<registry::Reference> cache;
};

// The workspace is prepared. The last phase, EXPORTING, is begun and its caller's to end.
[[nodiscard]] EmbeddedBuild build_embedded(registry::Client& client, const lifecycle::Platform& platform,
                                           lifecycle::Analysis analysis, const EmbeddedBuildOptions& options,
                                           const base::Environment& environment, builds::Phases& phases,
                                           base::Log& log);

}  // namespace image
