// What a source is and which hosts it would contact, without contacting them.
#pragma once

#include <string>

#include "image/source.hpp"

namespace image {

[[nodiscard]] std::string explain(const Source& source);

}  // namespace image
