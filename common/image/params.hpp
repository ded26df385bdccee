// The `params` of a get of the image kind.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "deploying/files.hpp"
#include "image/platform.hpp"
#include "json/fields.hpp"

namespace image {

enum class Format {
  rootfs,      // rootfs/, metadata.json and labels.json
  oci,         // image.tar, an archive that `docker load` takes
  oci_layout,  // oci/, an OCI image layout
};

struct InParams {
  Format format = Format::rootfs;
  bool skip_download = false;
  std::optional<PlatformFields> platform = std::nullopt;  // instead of the source's
  bool sbom = false;                                      // whether the buildpacks' SBOM is written down
  std::uint32_t builds = 0;                               // how many of the image's builds are written down
  std::vector<deploying::Form> deploy = {};               // files for those who deploy it
};
void describe(json::Fields<InParams>& fields);

// Error{usage} naming the field.
[[nodiscard]] InParams read_in_params(const json::Value& params);

}  // namespace image

namespace json {
template <>
struct Type<image::Format> {
  static image::Format read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
