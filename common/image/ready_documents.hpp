// What the two readers of ready-made images share: bounds of their documents, and manifests with annotations.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "registry/manifest.hpp"
#include "registry/reference.hpp"

namespace image {

// A larger manifest is refused by registries.
inline constexpr std::uint64_t largest_document = 4ULL << 20U;
inline constexpr std::uint64_t largest_config = 8ULL << 20U;

// Docker's manifests have no annotations: theirs becomes OCI's, with the same blobs.
[[nodiscard]] registry::RawManifest annotated(const registry::RawManifest& manifest,
                                              const std::map<std::string, std::string>& annotations);

// Keeps the first few, each once.
void add_origin(std::vector<registry::Repository>& origins, registry::Repository origin);

}  // namespace image
