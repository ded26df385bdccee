// out of the fleet kind: brings every image that stands on a run image to a newer one, or back. An image that fails
// stops no other, and what became of each is the fleet's record, so a second put does only what is left.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "fleet/params.hpp"
#include "fleet/source.hpp"
#include "registry/client.hpp"

namespace fleet {

// Error{usage} for params.fail_on, once the record was written; other errors before anything was moved.
[[nodiscard]] concourse::VersionAndMetadata put(const Source& source, const PutParams& params,
                                                const std::filesystem::path& inputs, concourse::Context& context);
// The same on a registry client.
[[nodiscard]] concourse::VersionAndMetadata put(const Source& source, const PutParams& params,
                                                const std::filesystem::path& inputs, registry::Client& client,
                                                concourse::Context& context);

}  // namespace fleet
