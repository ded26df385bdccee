// Letters of ASCII, whatever the locale: names of git, HTTP and DNS are compared so.
#pragma once

#include <string>
#include <string_view>

namespace base {

[[nodiscard]] inline std::string lowered(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace base
