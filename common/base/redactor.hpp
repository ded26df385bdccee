// Masks the secrets that it was told of, wherever a text came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"

namespace base {

class Redactor {
 public:
  // From here on masked as ((redacted)), as a whole and, where it has several lines, by its long ones: text is printed
  // in lines. Secrets of fewer than four bytes are not masked: that would garble every text.
  void add(const Secret& secret);
  [[nodiscard]] std::string masked(std::string_view text) const;
  // How much of `text` can be masked and printed while more of it is still to come: no secret is cut in two.
  [[nodiscard]] std::size_t whole_length(std::string_view text) const;

 private:
  void insert(std::string_view secret);
  std::vector<std::string> secrets_;  // the longest first, so that one which contains another vanishes whole
};

}  // namespace base
