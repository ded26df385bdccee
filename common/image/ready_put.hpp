// out of the image kind with params.image: pushes an image that is ready, and leaves no build record.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/put_params.hpp"
#include "image/source.hpp"

namespace image {

// `params.additional_tags` has the tags as they are set. Answers {tag, digest} and the tags.
[[nodiscard]] concourse::VersionAndMetadata put_ready(const Source& source, const PutParams& params,
                                                      const std::filesystem::path& inputs, concourse::Context& context);

}  // namespace image
