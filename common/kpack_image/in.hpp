// in of the kpack image kind: the reference files of a version, and the history of the Image's Builds.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "kpack_image/params.hpp"
#include "kpack_image/source.hpp"
#include "kpack_image/version.hpp"

namespace kpack_image {

[[nodiscard]] concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                               const std::filesystem::path& destination, concourse::Context& context);

}  // namespace kpack_image
