// An image that a param of a put names.
#pragma once

#include <filesystem>
#include <string>

#include "registry/reference.hpp"

namespace registry {

// The directory of a get of an image (its file `image`, or `repository` and `digest`), else a reference. Error{usage}
// naming `field`.
[[nodiscard]] Reference image_of_input(const std::filesystem::path& inputs, const std::string& text,
                                       const std::string& field);

}  // namespace registry
