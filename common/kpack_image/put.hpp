// out of the kpack image kind: has kpack build what the params say, and waits for it (docs/kpack.md).
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "kpack_image/put_params.hpp"
#include "kpack_image/source.hpp"

namespace kpack_image {

// `inputs` is the directory of all inputs. Answers {image}.
[[nodiscard]] concourse::VersionAndMetadata put(const Source& source, const PutParams& params,
                                                const std::filesystem::path& inputs, concourse::Context& context);

}  // namespace kpack_image
