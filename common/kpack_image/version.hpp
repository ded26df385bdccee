// A version of the kpack image kind: the image that a Build made, as the kpack resource writes it.
#pragma once

#include <string>

#include "concourse/version.hpp"
#include "registry/reference.hpp"

namespace kpack_image {

struct Version {
  std::string image;       // repository@digest, as kpack wrote it
  std::string repository;  // what stands before the digest, and before a tag
  registry::Digest digest;
};

// Error{usage} for a version of another kind, or one that is damaged.
[[nodiscard]] Version read_version(const concourse::Version& version);
[[nodiscard]] concourse::Version write_version(const std::string& image);

}  // namespace kpack_image
