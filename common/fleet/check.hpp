// check of the fleet kind: which puts there were, by one request for the record that the tag names.
#pragma once

#include <optional>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "fleet/source.hpp"
#include "fleet/version.hpp"
#include "registry/client.hpp"

namespace fleet {

[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                                    concourse::Context& context);

// Oldest first: from the given version, where the record still knows it, to the newest; else the newest alone. None
// while there is no record.
[[nodiscard]] std::vector<concourse::Version> check(const registry::Reference& record,
                                                    const std::optional<Version>& version, registry::Client& client);

}  // namespace fleet
