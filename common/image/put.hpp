// out of the image kind: builds params.source by Cloud Native Buildpacks and pushes the image. Nothing is pushed that
// is not whole: the tag moves when every layer is in the registry.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/request.hpp"
#include "concourse/version.hpp"
#include "json/value.hpp"

namespace image {

// `sources` is the directory of all inputs. Answers {tag, digest}.
[[nodiscard]] concourse::VersionAndMetadata put(const concourse::Request& request, const std::filesystem::path& sources,
                                                concourse::Context& context);

[[nodiscard]] json::Value put_params_schema();

}  // namespace image
