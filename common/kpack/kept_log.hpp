// The log of a Build that has ended, as a file: for as long as its pod is there.
#pragma once

#include <optional>
#include <string>

#include "kpack/objects.hpp"
#include "kubernetes/client.hpp"

namespace kpack {

// At most 8 MiB, each step under its heading, without the values of the Build's variables (builds/secrets.hpp). Nothing
// when the pod or its logs are gone; a log that cannot be read is told as a warning.
[[nodiscard]] std::optional<std::string> kept_log(kubernetes::Client& client, const std::string& space,
                                                  const Build& build, base::Log& log);

}  // namespace kpack
