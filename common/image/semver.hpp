// Versions in tags and constraints on them, as github.com/Masterminds/semver reads them, since pipelines are written
// for it: "v1", "1.2" and "1.2.3-rc.1" are versions; "~1.2", "^2, != 2.3.1", "1.0 - 1.5 || >= 3.x" are constraints.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace image {

struct SemanticVersion {
  std::uint64_t major = 0;
  std::uint64_t minor = 0;
  std::uint64_t patch = 0;
  std::string pre_release;  // "rc.1"
  int parts = 0;            // how many of the three numbers were written

  // Nothing when the text is not a version.
  [[nodiscard]] static std::optional<SemanticVersion> parse(std::string_view text);
};

// Semantic Versioning 2.0.0, 11: precedence. Versions that differ only in how they are written are equal.
[[nodiscard]] std::strong_ordering compare(const SemanticVersion& a, const SemanticVersion& b);

class SemanticConstraint {
 public:
  // Error{usage} naming `field`.
  [[nodiscard]] static SemanticConstraint parse(std::string_view text, const std::string& field);
  // A pre-release meets only a condition that names one itself.
  [[nodiscard]] bool admits(const SemanticVersion& version) const;

 private:
  enum class Operator { equal, not_equal, greater, less, at_least, at_most, tilde, caret };
  struct Condition {
    Operator op{};
    SemanticVersion version;  // `parts` ends before the first wildcard
  };
  static Condition parse_condition(std::string_view text, std::string_view whole, const std::string& field);
  static bool meets(const SemanticVersion& version, const Condition& condition);

  std::vector<std::vector<Condition>> alternatives_;  // one of these, all of its conditions
};

}  // namespace image
