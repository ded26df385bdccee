// --explain of the fleet kind: what a request is and which hosts it would contact.
#pragma once

#include <string>

#include "fleet/source.hpp"

namespace fleet {

[[nodiscard]] std::string explain(const Source& source);

}  // namespace fleet
