// A line of a build's log as it may be shown: colours stay, what drives a terminal otherwise does not.
#pragma once

#include <string>
#include <string_view>

namespace kpack {

// Bytes that are not UTF-8 and control characters become '?'. Of escape sequences those for colours are kept (SGR,
// ECMA-48, 8.3.117) and ended with the line; others vanish. Of a line that a program drew anew with carriage returns
// the last state is shown. Without a newline at the end.
[[nodiscard]] std::string shown_line(std::string_view line);

// "BUILD": what stands over a step's log, as `kp build logs` writes it.
[[nodiscard]] std::string heading_of(std::string_view step);

// A shown line without its colours.
[[nodiscard]] std::string plain_line(std::string_view shown);

}  // namespace kpack
