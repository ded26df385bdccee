// The params of a get.
#pragma once

#include <cstdint>
#include <vector>

#include "deploying/files.hpp"
#include "json/fields.hpp"

namespace kpack_image {

struct InParams {
  bool skip_download = false;                // of the image kind; nothing is downloaded here
  std::uint32_t builds = 0;                  // how many of the Image's Builds are written down
  std::vector<deploying::Form> deploy = {};  // files for those who deploy it
};
void describe(json::Fields<InParams>& fields);

// Error{usage} naming the field.
[[nodiscard]] InParams read_in_params(const json::Value& params);

}  // namespace kpack_image
