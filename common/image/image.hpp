// The image kind: an image in a registry, found by `check`, fetched by `in`, built and pushed by `out` (image/put.hpp).
// Its version is {tag, digest}, the same in all three steps.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "concourse/context.hpp"
#include "concourse/request.hpp"
#include "concourse/version.hpp"
#include "json/value.hpp"

namespace image {

// The digest that the tag names now, after the given version when that is still in the registry; none when there is
// no such tag.
[[nodiscard]] std::vector<concourse::Version> check(const concourse::Request& request, concourse::Context& context);

// Fills `destination` with the reference files and, unless params.skip_download, with the image. On failure nothing
// is left in it.
[[nodiscard]] concourse::VersionAndMetadata in(const concourse::Request& request,
                                               const std::filesystem::path& destination, concourse::Context& context);

// What the request is and which hosts it would contact, without contacting them.
[[nodiscard]] std::string explain(const concourse::Request& request);

[[nodiscard]] json::Value source_schema();
[[nodiscard]] json::Value in_params_schema();

}  // namespace image
