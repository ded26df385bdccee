#include "image/version.hpp"

#include <fmt/format.h>

#include "image/kind.hpp"
#include "json/fields.hpp"

namespace image {

Version read_version(const concourse::Version& version) {
  concourse::require_version_keys(version, {{"tag", "digest"}}, kind());
  const std::string& tag = version.at("tag");
  auto digest = registry::Digest::parse(version.at("digest"));
  if (!digest) {
    json::wrong_value("version.digest", fmt::format("\"{}\" is not a digest", version.at("digest")),
                      "a digest is sha256: and 64 lower-case hexadecimal digits");
  }
  if (!registry::is_tag(tag)) json::wrong_value("version.tag", fmt::format("\"{}\" is not a tag", tag));
  return {tag, *std::move(digest)};
}

concourse::Version write_version(const std::string& tag, const registry::Digest& digest) {
  return {{"tag", tag}, {"digest", digest.text()}};
}

}  // namespace image
