// Which images a fleet has: those that are listed, and the tags of repositories that a pattern chooses. Pure functions;
// the tags are read by their caller.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/reference.hpp"

namespace re2 {
class RE2;
}

namespace fleet {

// A pattern of a shell: "*" stands for any text (also over slashes), "?" for one character. It is matched against the
// image with and without its host, and with and without its tag.
[[nodiscard]] bool matches(std::string_view glob, const registry::Reference& image);
[[nodiscard]] bool matches_any(const std::vector<std::string>& globs, const registry::Reference& image);
[[nodiscard]] bool matches_glob(std::string_view glob, std::string_view text);

// The tags of a repository that are the fleet's. A pattern (RE2) has to be found in the tag, and none of `exclude`.
class TagPattern {
 public:
  // Error{usage} naming `field`, as in "source.fleet.repositories[0]".
  TagPattern(const std::string& tags, const std::vector<std::string>& exclude, const std::string& field);
  [[nodiscard]] bool takes(const std::string& tag) const;

 private:
  std::shared_ptr<const re2::RE2> tags_;  // none: every tag
  std::vector<std::shared_ptr<const re2::RE2>> exclude_;
};

// Tags that other things than images are kept under: caches ("cache-main"), and what refers to an image by its digest
// ("sha256-<hex>", also with the suffixes of signatures, attestations and SBOMs).
[[nodiscard]] bool is_kept_for_others(std::string_view tag);

// In the order of their names, each once. What was named more than once is in `repeated`.
struct Selection {
  std::vector<registry::Reference> images;
  std::vector<registry::Reference> repeated;
};
[[nodiscard]] Selection select(std::vector<registry::Reference> named, const registry::Reference& record);

}  // namespace fleet
