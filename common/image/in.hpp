// The get of the image kind on a registry client: what image::in() does once the request is read.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "image/source.hpp"
#include "image/version.hpp"
#include "json/fields.hpp"
#include "registry/client.hpp"

namespace image {

enum class Format {
  rootfs,      // rootfs/, metadata.json and labels.json
  oci,         // image.tar, an archive that `docker load` takes
  oci_layout,  // oci/, an OCI image layout
};

struct InParams {
  Format format = Format::rootfs;
  bool skip_download = false;
  std::uint32_t builds = 0;  // how many of the image's builds are written down
};
void describe(json::Fields<InParams>& fields);

[[nodiscard]] concourse::VersionAndMetadata fetch(const Source& source, const Version& version, const InParams& params,
                                                  const std::filesystem::path& destination, registry::Client& client,
                                                  base::Log& log);

}  // namespace image

namespace json {
template <>
struct Type<image::Format> {
  static image::Format read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
