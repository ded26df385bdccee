// A repository of ECR that is named without its account lies in that of the login, which only the login tells.
#pragma once

#include "concourse/context.hpp"
#include "image/source.hpp"

namespace image {

// The same source where its host is known; else the login is made, and its host filled in. Error{denied, usage}.
[[nodiscard]] Source located(Source source, concourse::Context& context);

}  // namespace image
