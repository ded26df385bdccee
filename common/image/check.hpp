// check of the image kind: the digests of a tag, or the tags that a rule chooses.
#pragma once

#include <optional>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "registry/client.hpp"

namespace image {

// The digest that the tag names now, after the given version when that is still in the registry; none when there is
// no such tag.
[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                                    concourse::Context& context);

// Oldest first: the given version while the registry has it, then what the tag names now.
[[nodiscard]] std::vector<concourse::Version> check_tag(const registry::Repository& repository, const std::string& tag,
                                                        const std::optional<Version>& version,
                                                        registry::Client& client);

}  // namespace image
