#include "image/ready_documents.hpp"

#include <algorithm>
#include <array>

namespace image {
namespace {

using namespace registry::media_type;  // NOLINT(google-build-using-namespace)

constexpr std::size_t most_origins = 3;  // each may cost a request for each blob

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> docker_to_oci{{
    {docker_manifest, oci_manifest},
    {docker_index, oci_index},
    {docker_config, oci_config},
    {docker_layer_gzip, oci_layer_gzip},
    {"application/vnd.docker.image.rootfs.diff.tar", oci_layer},
    {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
     "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"},
}};

void to_oci(json::Value& described) {
  const auto type = json::text_or(described, "mediaType");
  const auto found =
      std::find_if(docker_to_oci.begin(), docker_to_oci.end(), [&](const auto& pair) { return pair.first == type; });
  if (found != docker_to_oci.end()) described["mediaType"] = found->second;
}

}  // namespace

registry::RawManifest annotated(const registry::RawManifest& manifest,
                                const std::map<std::string, std::string>& annotations) {
  auto value = manifest.value;
  value["mediaType"] = manifest.media_type;
  to_oci(value);
  // What an index names has its own bytes, and so its own type.
  if (value.contains("config")) to_oci(value["config"]);
  if (value.contains("layers")) {
    for (auto& layer : value["layers"]) to_oci(layer);
  }
  if (!value.contains("annotations") || !value["annotations"].is_object()) value["annotations"] = json::Value::object();
  for (const auto& [name, text] : annotations) value["annotations"][name] = text;
  const auto type = json::text_or(value, "mediaType");
  return registry::parse_raw(type, json::dump(value), "the manifest with params.annotations");
}

void add_origin(std::vector<registry::Repository>& origins, registry::Repository origin) {
  const bool is_known = std::find(origins.begin(), origins.end(), origin) != origins.end();
  if (!is_known && origins.size() < most_origins) origins.push_back(std::move(origin));
}

}  // namespace image
