// `platform` of a source and of a get: which image of a multi-platform index is meant.
#pragma once

#include <optional>
#include <string>

#include "json/fields.hpp"
#include "registry/manifest.hpp"

namespace image {

struct PlatformFields {
  std::string os;
  std::string architecture;  // "arm64", or with its variant as Docker writes it: "arm64/v8"
  std::string variant;
};
void describe(json::Fields<PlatformFields>& fields);

// This machine's where nothing is said.
[[nodiscard]] registry::Platform to_platform(const std::optional<PlatformFields>& fields);

}  // namespace image
