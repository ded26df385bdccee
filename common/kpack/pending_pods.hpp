// What keeps the pods of Builds that do not get on, for many Builds at once.
#pragma once

#include <map>
#include <string>

#include "kubernetes/client.hpp"

namespace kpack {

// By the Build's name, as far as a pending pod tells: by one list for the namespace. Errors as kubernetes::Client has
// them.
[[nodiscard]] std::map<std::string, std::string> pending_pods(kubernetes::Client& client, const std::string& space);

}  // namespace kpack
