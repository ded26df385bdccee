// Which command to start, with which arguments (platform.md "launcher"): a process of the image, when the launcher is
// called by its type's name, or what the user wrote.
#pragma once

#include <string>
#include <vector>

#include "buildpacks/api_version.hpp"
#include "launcher/documents.hpp"

namespace launcher {

struct StartCommand {
  std::string type;  // empty for a command of the user's
  std::vector<std::string> command;
  std::vector<std::string> arguments;
  Execution execution = Execution::shell;
  std::string buildpack;
  std::string working_directory;
};

// `arguments` begins with the name the launcher was called by. Error{usage} when there is nothing to start.
[[nodiscard]] StartCommand start_command(const Metadata& metadata, const buildpacks::ApiVersion& platform,
                                         const std::string& execution_environment,
                                         const std::vector<std::string>& arguments);

// The reference refuses a shell process with arguments whose buildpack the image does not name.
void check_owner_is_known(const Metadata& metadata, const StartCommand& command);

}  // namespace launcher
