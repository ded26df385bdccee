// Which quota of a namespace is used up, for whoever may read them.
#pragma once

#include <optional>
#include <string>

#include "kubernetes/client.hpp"

namespace kpack {

// "the quota team is used up: pods 10 of 10"; nothing: none is, as far as can be known. One try, and no error.
[[nodiscard]] std::optional<std::string> exhausted_quota(kubernetes::Client& client, const std::string& space,
                                                         base::Log& log);

}  // namespace kpack
