// Versions of the Buildpack API and the Platform API: "0.10" is newer than "0.9".
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace buildpacks {

struct ApiVersion {
  unsigned major = 0;
  unsigned minor = 0;

  [[nodiscard]] static std::optional<ApiVersion> parse(std::string_view text);
  [[nodiscard]] std::string text() const;
  friend auto operator<=>(const ApiVersion&, const ApiVersion&) = default;  // NOLINT(modernize-use-nullptr): misread
};

// The Buildpack APIs that buildpacks in the field have: 0.7 to 0.12.
inline constexpr ApiVersion oldest_buildpack_api{0, 7};
inline constexpr ApiVersion newest_buildpack_api{0, 12};
// The Platform APIs that a builder may ask for: 0.12 to 0.15.
inline constexpr ApiVersion oldest_platform_api{0, 12};
inline constexpr ApiVersion newest_platform_api{0, 15};

}  // namespace buildpacks
