// What a request of this kind is and which hosts it would contact.
#pragma once

#include <string>

#include "kpack_image/source.hpp"

namespace kpack_image {

[[nodiscard]] std::string explain(const Source& source);

}  // namespace kpack_image
