// in of the image kind: the reference files of a version and, unless params.skip_download, the image.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/params.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "registry/client.hpp"

namespace image {

[[nodiscard]] concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                               const std::filesystem::path& destination, concourse::Context& context);
// The same on a registry client.
[[nodiscard]] concourse::VersionAndMetadata fetch(const Source& source, const Version& version, const InParams& params,
                                                  const std::filesystem::path& destination, registry::Client& client,
                                                  base::Log& log);

}  // namespace image
