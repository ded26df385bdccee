#include "image/version.hpp"

#include <fmt/format.h>

#include "image/kind.hpp"
#include "json/fields.hpp"

namespace image {

Version read_version(const concourse::Version& given, const std::string& usual_tag) {
  auto version = given;
  if (version.contains("digest") && version["tag"].empty()) version["tag"] = usual_tag;
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

std::optional<Version> find_version(const concourse::Version& version, const std::string& usual_tag) {
  const auto digest = version.find("digest");
  const bool is_lost = digest != version.end() && !registry::Digest::parse(digest->second);
  if (is_lost && version.size() == 1 + version.count("tag")) return std::nullopt;
  return read_version(version, usual_tag);
}

concourse::Version write_version(const std::string& tag, const registry::Digest& digest) {
  return {{"tag", tag}, {"digest", digest.text()}};
}

}  // namespace image
