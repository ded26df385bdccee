// A version of the fleet kind: the digest of the fleet's record, and the run image of that put.
#pragma once

#include <string>

#include "concourse/version.hpp"
#include "registry/reference.hpp"

namespace fleet {

struct Version {
  registry::Digest fleet;
  std::string run_image;  // by digest
};

// Error{usage} for a version of another kind, or one that is damaged.
[[nodiscard]] Version read_version(const concourse::Version& version);
[[nodiscard]] concourse::Version write_version(const registry::Digest& fleet, const std::string& run_image);

}  // namespace fleet
