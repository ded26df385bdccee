// From a manifest or an index to the image of a platform. Parts of the Client and of storages.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "registry/manifest.hpp"

namespace registry {

inline constexpr std::uint64_t largest_config = 16ULL << 20U;

// How to read on from there.
struct ImageReader {
  std::function<std::optional<RawManifest>(const Digest&)> manifest;
  std::function<std::string(const Descriptor&)> config;
};

// `object` names what was asked for: "image registry.example.com/acme/app:latest". An entry without a platform is
// looked up in its configuration where no other fits. Error{not_found} names the platforms that there are.
[[nodiscard]] Image read_image(RawManifest raw, const std::string& object, const Platform& platform,
                               const ImageReader& reader);

}  // namespace registry
