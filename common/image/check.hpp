// The check of the image kind on a registry client: what image::check() does once the request is read.
#pragma once

#include <optional>
#include <vector>

#include "concourse/version.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "registry/client.hpp"

namespace image {

// Oldest first: the given version while the registry has it, then what the tag names now.
[[nodiscard]] std::vector<concourse::Version> check_tag(const registry::Repository& repository, const std::string& tag,
                                                        const std::optional<Version>& version,
                                                        registry::Client& client);

}  // namespace image
