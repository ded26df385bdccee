// Having kpack build where it sees no reason to.
#pragma once

#include "kpack/objects.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

// Annotates the newest Build, as `kp image trigger` does. False: it is gone meanwhile.
[[nodiscard]] bool request_build_after(kubernetes::Client& client, const std::string& space, const Build& newest);

}  // namespace kpack
