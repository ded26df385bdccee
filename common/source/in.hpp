// in of the source kind: a checkout of the version's commit with its history, refs and .git/ files.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "source/params.hpp"
#include "source/source.hpp"

namespace source {

// Fills `destination`, which must be empty.
[[nodiscard]] concourse::VersionAndMetadata in(const Source& source, const InParams& params,
                                               const concourse::Version& version,
                                               const std::filesystem::path& destination, concourse::Context& context);

}  // namespace source
