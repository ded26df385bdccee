// check of the kpack image kind: the digests that succeeded Builds made.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "kpack/objects.hpp"
#include "kpack_image/source.hpp"
#include "kpack_image/version.hpp"
#include "kubernetes/client.hpp"

namespace kpack_image {

[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                                    concourse::Context& context);

// The Builds that succeeded, from the columns of the list that kubectl shows; nothing where it lacks one that is
// needed.
[[nodiscard]] std::optional<std::vector<kpack::Build>> builds_in(const kubernetes::Table& table);

// Oldest first, by the Builds' numbers, equal neighbours once: from `known` on where a Build made it, else the newest.
[[nodiscard]] std::vector<std::string> images_since(std::vector<kpack::Build> builds,
                                                    const std::optional<std::string>& known);

}  // namespace kpack_image
