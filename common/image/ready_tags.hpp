// Which tags a put of a ready-made image sets, by the rules of the registry-image resource.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "image/semver.hpp"

namespace image {

// "1.2.0" of "v1.2": what a version is as a tag, with the variant behind it. Error{usage} naming params.version for
// what is not a version, or has what no tag can hold.
[[nodiscard]] std::string version_tag(const std::string& version, const std::string& variant);

// Of a release, in this order: 1.2 where no higher 1.2.x is there, 1 where no higher 1.x.y is, and latest (or the
// variant alone) where no higher version is. Pre-releases and other variants do not count; a pre-release has none.
[[nodiscard]] std::vector<std::string> aliases_of(const SemanticVersion& version, const std::string& variant,
                                                  const std::vector<std::string>& existing);

struct TagWishes {
  std::optional<std::string> watched;   // source.tag
  std::optional<std::string> version;   // as a tag
  std::vector<std::string> aliases;     // of the version
  std::vector<std::string> additional;  // with their prefix
};
// Each once: the watched one, else the version, comes first and names what the put made. Error{usage} when there is
// none.
[[nodiscard]] std::vector<std::string> tags_of(const TagWishes& wishes);

}  // namespace image
