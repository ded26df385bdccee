// How bash is called for a process that is not direct: it sources the profile scripts, then becomes the process.
#pragma once

#include <string>
#include <vector>

#include "launcher/start_command.hpp"

namespace launcher {

// The arguments of /bin/bash, argv[0] included. `self` is what profile scripts see as $0.
[[nodiscard]] std::vector<std::string> shell_arguments(const StartCommand& command,
                                                       const std::vector<std::string>& profiles,
                                                       const std::string& directory, const std::string& self);

}  // namespace launcher
