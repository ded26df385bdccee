// The params of a get.
#pragma once

#include <cstdint>

#include "json/fields.hpp"

namespace kpack_image {

struct InParams {
  bool skip_download = false;  // of the image kind; nothing is downloaded here
  std::uint32_t builds = 0;    // how many of the Image's Builds are written down
};
void describe(json::Fields<InParams>& fields);

// Error{usage} naming the field.
[[nodiscard]] InParams read_in_params(const json::Value& params);

}  // namespace kpack_image
