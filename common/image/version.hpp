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

// Error{usage} for a version of another kind, or one that is damaged. One without a tag, as pipelines pin images by
// (`version: {digest: ...}`), has the source's: `usual_tag`.
[[nodiscard]] Version read_version(const concourse::Version& version, const std::string& usual_tag);
// For a check, to which a digest that cannot be one is a version that is lost: nothing.
[[nodiscard]] std::optional<Version> find_version(const concourse::Version& version, const std::string& usual_tag);
[[nodiscard]] concourse::Version write_version(const std::string& tag, const registry::Digest& digest);

}  // namespace image
