// The cache image: the contents of cached layers, kept in a registry between the builds, since a put's container is
// thrown away. Its format is the reference lifecycle's.
#pragma once

#include <optional>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/export.hpp"
#include "lifecycle/layer_maker.hpp"
#include "lifecycle/metadata.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct CacheImage {
  registry::Reference reference;
  CacheMetadata metadata;
  KnownLayers layers;
};

// Nothing when there is none, or when it is broken or not a cache: then the log says so. Error{denied} where it may not
// be read.
[[nodiscard]] std::optional<CacheImage> find_cache(registry::Client& client, const registry::Reference& reference,
                                                   const registry::Platform& platform, base::Log& log);

struct SavedCache {
  std::size_t layers = 0;
  std::size_t reused = 0;
  std::uint64_t uploaded = 0;
  bool pushed = false;  // nothing changed: nothing was pushed
};

// Layers that went into the application's image too are taken from there where it has the same repository.
[[nodiscard]] SavedCache save_cache(registry::Client& client, const Platform& platform, const buildpacks::Group& group,
                                    const registry::Reference& reference, const std::optional<CacheImage>& earlier,
                                    const Exported& app, const ExportOptions& app_options, base::Log& log);

}  // namespace lifecycle
