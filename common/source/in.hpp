// in of the source kind: a checkout of the version's commit with its history, refs and .git/ files.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/request.hpp"
#include "concourse/version.hpp"

namespace source {

// Fills `destination`, which is made when it does not exist and must be empty. On failure nothing is left in it.
[[nodiscard]] concourse::VersionAndMetadata in(const concourse::Request& request,
                                               const std::filesystem::path& destination, concourse::Context& context);

}  // namespace source
