// Starts a process of a built image in the environment that its buildpacks want (platform.md "launcher").
#pragma once

#include <string>
#include <vector>

#include "base/environment.hpp"

namespace launcher {

// Replaces this program by the process, so it returns only on failure, with the exit status that platform.md gives
// it: 11 unknown Platform API, 12 unknown Buildpack API, 82 cannot launch, 1 the image's metadata cannot be read.
// `arguments` begins with the name the launcher was called by.
[[nodiscard]] int launch(const std::vector<std::string>& arguments, const base::Environment& environment);

}  // namespace launcher
