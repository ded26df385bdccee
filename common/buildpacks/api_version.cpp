#include "buildpacks/api_version.hpp"

#include <charconv>

namespace buildpacks {

std::optional<ApiVersion> ApiVersion::parse(std::string_view text) {
  ApiVersion version;
  const char* end = text.data() + text.size();
  auto [next, error] = std::from_chars(text.data(), end, version.major);
  if (error != std::errc()) return std::nullopt;
  if (next == end) return version;  // "1" means 1.0
  if (*next != '.') return std::nullopt;
  const auto minor = std::from_chars(next + 1, end, version.minor);
  if (minor.ec != std::errc() || minor.ptr != end) return std::nullopt;
  return version;
}

// Without fmt: the launcher, which goes into every image, links this file.
std::string ApiVersion::text() const { return std::to_string(major) + "." + std::to_string(minor); }

}  // namespace buildpacks
