#include "fleet/version.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "fleet/kind.hpp"
#include "json/fields.hpp"

namespace fleet {

Version read_version(const concourse::Version& version) {
  concourse::require_version_keys(version, {{"fleet", "run_image"}}, kind());
  auto digest = registry::Digest::parse(version.at("fleet"));
  if (!digest) {
    json::wrong_value("version.fleet", fmt::format("\"{}\" is not a digest", base::printable(version.at("fleet"), 128)),
                      "a digest is sha256: and 64 lower-case hexadecimal digits");
  }
  return {*std::move(digest), version.at("run_image")};
}

concourse::Version write_version(const registry::Digest& fleet, const std::string& run_image) {
  return {{"fleet", fleet.text()}, {"run_image", run_image}};
}

}  // namespace fleet
