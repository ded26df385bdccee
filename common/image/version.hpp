// A version of the image kind: the tag as it was named, and the digest it had.
#pragma once

#include <optional>
#include <string>

#include "concourse/version.hpp"
#include "registry/reference.hpp"

namespace image {

struct Version {
  std::string tag;
  registry::Digest digest;
};

// Error{usage} for a version of another kind, or one that is damaged.
[[nodiscard]] Version read_version(const concourse::Version& version);
[[nodiscard]] concourse::Version write_version(const std::string& tag, const registry::Digest& digest);

}  // namespace image
