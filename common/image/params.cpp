#include "image/params.hpp"

#include <fmt/format.h>

namespace image {
namespace {

constexpr std::uint32_t most_builds = 100;

}  // namespace

void describe(json::Fields<InParams>& fields) {
  fields.optional("format", &InParams::format, "rootfs, oci or oci-layout; default rootfs");
  fields.optional("skip_download", &InParams::skip_download, "whether only the reference files are written");
  fields.optional("platform", &InParams::platform,
                  "which image of a multi-platform index to fetch; default the source's");
  fields.optional("sbom", &InParams::sbom,
                  "whether the SBOM that buildpacks wrote is written to sbom/, also with skip_download");
  fields.optional("builds", &InParams::builds,
                  "how many of the image's builds are written to builds.json, builds.txt and logs/; at most 100");
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
