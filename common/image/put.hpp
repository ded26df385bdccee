// out of the image kind: builds params.source by Cloud Native Buildpacks and pushes the image, or pushes params.image
// (image/ready_put.hpp). Nothing is pushed that is not whole: the tag moves when every layer is in the registry.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/put_params.hpp"
#include "image/source.hpp"

namespace image {

// `sources` is the directory of all inputs. Answers {tag, digest}.
[[nodiscard]] concourse::VersionAndMetadata put(const Source& source, const PutParams& params,
                                                const std::filesystem::path& sources, concourse::Context& context);

}  // namespace image
