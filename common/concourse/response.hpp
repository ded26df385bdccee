// The answers that Concourse reads from stdout, the only thing ever written there.
#pragma once

#include <ostream>
#include <vector>

#include "concourse/version.hpp"

namespace concourse {

// check: oldest first; an empty list is written as [].
void write_versions(std::ostream& output, const std::vector<Version>& versions);
// in and out.
void write_version(std::ostream& output, const VersionAndMetadata& answer);

}  // namespace concourse
