// UTF-8 from outside (Unicode, 3.9, table 3-7), sequence by sequence.
#pragma once

#include <cstddef>
#include <string_view>

namespace base {

// The length of the well-formed sequence at the start of `text`, which is not empty; 0 when there is none.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

// Whether one well-formed sequence is a control character, or one that turns the direction of writing.
[[nodiscard]] bool drives_a_terminal(std::string_view sequence);

}  // namespace base
