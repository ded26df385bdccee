// What a source is and what it would contact, without contacting it.
#pragma once

#include <string>

#include "source/source.hpp"

namespace source {

[[nodiscard]] std::string explain(const Source& source);

}  // namespace source
