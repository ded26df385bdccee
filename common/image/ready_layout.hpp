// The images of an OCI image layout (image-spec, image-layout.md), in a directory or an archive, as they are pushed:
// of an index.json with one image that image, with one index that index, with several all of it, as an index.
#pragma once

#include "image/ready_made.hpp"

namespace image {

// Nothing when the package has no index.json.
[[nodiscard]] std::optional<ReadyImage> open_layout(Package& package, const ReadyOptions& options);

}  // namespace image
