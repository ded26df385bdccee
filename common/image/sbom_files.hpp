// The software bill of materials that buildpacks wrote for an image: the layer that the image's metadata name
// (buildpack.md "Bill-of-Materials", platform.md "sbom/launch"), as files for scanners.
#pragma once

#include <filesystem>
#include <optional>

#include "base/log.hpp"
#include "registry/client.hpp"

namespace image {

// Writes sbom/<buildpack>/<layer>/sbom.cdx.json and its like below `directory`; an empty sbom/ and a warning where the
// buildpacks wrote none. Error{not_found} for an image that buildpacks did not build, {protocol} for a broken layer.
void write_sbom(registry::Client& client, const registry::Reference& reference,
                const std::optional<registry::Image>& image, const std::filesystem::path& directory, base::Log& log);

}  // namespace image
