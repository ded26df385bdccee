#include "image/params.hpp"

#include <fmt/format.h>

namespace image {
namespace {

constexpr std::uint32_t most_builds = 100;

}  // namespace

void describe(json::Fields<InParams>& fields) {
  fields.optional("format", &InParams::format,
                  "`rootfs`: the files of the image, for a task's `image:`. `oci`: an archive for `docker load`. "
                  "`oci-layout`: an OCI image layout. Default: `rootfs`");
  fields.optional("skip_download", &InParams::skip_download, "write the reference files alone. Default: false");
  fields.optional("platform", &InParams::platform,
                  "which image of a multi-platform index to take. Default: `source.platform`");
  fields.optional("sbom", &InParams::sbom,
                  "write the SBOM that the buildpacks made, also with `skip_download`. Default: false");
  fields.optional("builds", &InParams::builds,
                  "the number of the image's last builds whose history and logs are written. Default: 0. At most 100");
  fields.optional("deploy", &InParams::deploy, deploying::help);
}

InParams read_in_params(const json::Value& value) {
  const auto params = json::read<InParams>(value, "params");
  if (params.builds > most_builds) {
    json::wrong_value("params.builds", fmt::format("at most {} builds are remembered", most_builds));
  }
  return params;
}

}  // namespace image

namespace json {
namespace {

const Choices<image::Format> formats{
    {"rootfs", image::Format::rootfs}, {"oci", image::Format::oci}, {"oci-layout", image::Format::oci_layout}};

}  // namespace

image::Format Type<image::Format>::read(const Value& value, const std::string& path) {
  // A template may leave it empty, which the registry-image resource takes for its default.
  if (value.is_string() && value.get_ref<const std::string&>().empty()) return image::Format::rootfs;
  return read_choice(value, path, formats);
}
Value Type<image::Format>::schema() { return choice_schema(formats); }

}  // namespace json
