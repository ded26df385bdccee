#include "kpack_image/version.hpp"

#include "concourse/kind.hpp"
#include "json/fields.hpp"
#include "kpack_image/kind.hpp"

namespace kpack_image {

Version read_version(const concourse::Version& version) {
  concourse::require_version_keys(version, {{"image"}}, kind());
  const auto& image = version.at("image");
  const auto reference = registry::Reference::parse(image, "version.image");
  if (!reference.digest) {
    json::wrong_value("version.image", "it has no digest", "let check report the versions anew (fly check-resource)");
  }
  auto repository = image.substr(0, image.find('@'));
  const auto slash = repository.rfind('/');
  const auto colon = repository.find(':', slash == std::string::npos ? 0 : slash);
  return {image, repository.substr(0, colon), *reference.digest};
}

concourse::Version write_version(const std::string& image) { return {{"image", image}}; }

}  // namespace kpack_image
