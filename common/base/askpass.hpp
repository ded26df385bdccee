// ssh and its kin ask a program, named by SSH_ASKPASS, for a passphrase. This program answers itself, from a file that
// only its parent wrote: no shell script, and no passphrase in an environment or in arguments.
#pragma once

#include <ostream>
#include <string>
#include <string_view>

#include "base/environment.hpp"

namespace base {

// Names the file with the passphrase, for the program that is asked.
inline constexpr std::string_view askpass_variable = "BUILD_SERVICE_PASSPHRASE_FILE";

// The path of the running program, for SSH_ASKPASS.
[[nodiscard]] std::string askpass_program();

// Writes the passphrase and says true when the program was started to be asked for one.
[[nodiscard]] bool answer_askpass(const Environment& environment, std::ostream& output);

}  // namespace base
