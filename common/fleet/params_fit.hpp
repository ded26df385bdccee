// Which params a put can have: they belong to images in registries, or to what kpack's fleet stands on.
#pragma once

#include "fleet/params.hpp"

namespace fleet {

// Error{usage} naming the first param that contradicts another one or that the fleet cannot have, and why.
void require_fit(const PutParams& params, const Source& source);

}  // namespace fleet
