// The lifecycle's phases from analyze to export, on this machine: detect, restore, build, the layers in the registry,
// the image published, the cache saved.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/environment.hpp"
#include "builds/phases.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/cache.hpp"
#include "lifecycle/export.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace image {

struct EmbeddedBuildOptions {
  lifecycle::ExportOptions image;
  registry::Platform platform;
  registry::Reference cache;
  // Neither cached nor earlier layers are used; the cache is saved anew all the same.
  bool clear_cache = false;
  // The put's inputs: closed to buildpacks while any runs.
  std::filesystem::path inputs;
  // Called within EXPORTING, once all that the image is made of is in the registry.
  std::function<void(const lifecycle::Exported& image)> publish;
};

// The workspace is prepared.
void build_embedded(registry::Client& client, const lifecycle::Platform& platform, lifecycle::Analysis analysis,
                    const EmbeddedBuildOptions& options, const base::Environment& environment, builds::Phases& phases,
                    base::Log& log);

}  // namespace image
