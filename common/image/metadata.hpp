// What the build's page shows beside a version, found again in the image itself: Concourse keeps the metadata of the
// last `in`, not those of the put that made the image.
#pragma once

#include "builds/record.hpp"
#include "concourse/version.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "registry/manifest.hpp"

namespace image {

// `found` is nothing for an artifact that is not an image of the source's platform, `record` for an image that another
// tool made: then the image's labels say what they can.
[[nodiscard]] concourse::Metadata metadata_of(const Source& source, const Version& version,
                                              const std::optional<registry::Image>& found,
                                              const std::optional<builds::BuildRecord>& record);

}  // namespace image
