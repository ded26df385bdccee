#include "image/semver.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/number.hpp"
#include "json/fields.hpp"

namespace image {
namespace {

constexpr auto number = base::parse_whole<std::uint64_t>;

std::vector<std::string_view> split(std::string_view text, std::string_view separator) {
  std::vector<std::string_view> result;
  while (true) {
    const auto end = text.find(separator);
    result.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return result;
    text.remove_prefix(end + separator.size());
  }
}

bool is_pre_release(std::string_view text) {
  const auto parts = split(text, ".");
  return std::all_of(parts.begin(), parts.end(), [](std::string_view part) {
    // "rc.01" is not valid (Semantic Versioning 2.0.0, 9).
    const bool is_number = !part.empty() && part.find_first_not_of("0123456789") == std::string_view::npos;
    if (is_number && part.size() > 1 && part.front() == '0') return false;
    return !part.empty() && std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
  });
}

bool is_wildcard(std::string_view text) { return text == "x" || text == "X" || text == "*"; }

enum class Wildcards { refused, allowed };

std::optional<SemanticVersion> parse_version(std::string_view text, Wildcards wildcards) {
  if (text.starts_with('v')) text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  SemanticVersion result;
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) {
    result.pre_release = std::string(text.substr(dash + 1));
    if (!is_pre_release(result.pre_release)) return std::nullopt;
  }
  const auto parts = split(text.substr(0, dash), ".");
  if (parts.size() > 3) return std::nullopt;
  const std::array numbers{&result.major, &result.minor, &result.patch};
  bool open = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    open = open || (wildcards == Wildcards::allowed && is_wildcard(parts[i]));
    if (open && is_wildcard(parts[i])) continue;
    const auto value = number(parts[i]);
    if (!value) return std::nullopt;
    if (open) continue;
    *numbers.at(i) = *value;
    result.parts = static_cast<int>(i) + 1;
  }
  return result;
}

std::strong_ordering compare_pre_release_part(std::string_view a, std::string_view b) {
  const auto left = number(a);
  const auto right = number(b);
  if (left && right) return *left <=> *right;
  if (left || right) return left ? std::strong_ordering::less : std::strong_ordering::greater;
  return a.compare(b) <=> 0;
}

std::strong_ordering compare_pre_release(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() <=> b.empty();  // a release comes after its pre-releases
  const auto left = split(a, ".");
  const auto right = split(b, ".");
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    const auto order = compare_pre_release_part(left[i], right[i]);
    if (order != 0) return order;
  }
  return left.size() <=> right.size();
}

}  // namespace

std::optional<SemanticVersion> SemanticVersion::parse(std::string_view text) {
  return parse_version(text, Wildcards::refused);
}

std::strong_ordering compare(const SemanticVersion& a, const SemanticVersion& b) {
  if (const auto order = a.major <=> b.major; order != 0) return order;
  if (const auto order = a.minor <=> b.minor; order != 0) return order;
  if (const auto order = a.patch <=> b.patch; order != 0) return order;
  return compare_pre_release(a.pre_release, b.pre_release);
}

SemanticConstraint::Condition SemanticConstraint::parse_condition(std::string_view text, std::string_view whole,
                                                                  const std::string& field) {
  static constexpr std::array<std::pair<std::string_view, Operator>, 11> operators{{{"!=", Operator::not_equal},
                                                                                    {">=", Operator::at_least},
                                                                                    {"=>", Operator::at_least},
                                                                                    {"<=", Operator::at_most},
                                                                                    {"=<", Operator::at_most},
                                                                                    {"~>", Operator::tilde},
                                                                                    {"=", Operator::equal},
                                                                                    {">", Operator::greater},
                                                                                    {"<", Operator::less},
                                                                                    {"~", Operator::tilde},
                                                                                    {"^", Operator::caret}}};
  Operator op = Operator::equal;
  for (const auto& [name, value] : operators) {
    if (!text.starts_with(name)) continue;
    op = value;
    text.remove_prefix(name.size());
    break;
  }
  const auto version = parse_version(text, Wildcards::allowed);
  if (!version) {
    json::wrong_value(field, fmt::format("\"{}\" in \"{}\" is not a condition on a version", text, whole),
                      "conditions are such as ^1.2, ~1.2.3, >= 1.0, 1.x");
  }
  return {op, *version};
}

SemanticConstraint SemanticConstraint::parse(std::string_view text, const std::string& field) {
  SemanticConstraint result;
  for (const auto alternative : split(text, "||")) {
    std::vector<std::string> words;
    std::string word;
    for (const char c : std::string(alternative) + " ") {
      if (c != ' ' && c != ',' && c != '\t') {
        word += c;
        continue;
      }
      // Blanks may stand between an operator and its version.
      if (word.empty() || word.find_first_not_of("!=<>~^") == std::string::npos) continue;
      words.push_back(std::move(word));
      word.clear();
    }
    auto& conditions = result.alternatives_.emplace_back();
    for (std::size_t i = 0; i < words.size(); ++i) {
      const bool range = i + 2 < words.size() && words[i + 1] == "-";
      conditions.push_back(parse_condition(range ? ">=" + words[i] : words[i], text, field));
      if (!range) continue;
      conditions.push_back(parse_condition("<=" + words[i + 2], text, field));
      i += 2;
    }
    if (conditions.empty()) json::wrong_value(field, fmt::format("\"{}\" does not hold a condition", text));
  }
  return result;
}

bool SemanticConstraint::meets(const SemanticVersion& version, const Condition& condition) {
  const SemanticVersion& bound = condition.version;
  if (!version.pre_release.empty() && bound.pre_release.empty()) return false;
  const auto order = compare(version, bound);
  const bool same_major = bound.parts < 1 || version.major == bound.major;
  const bool same_minor = bound.parts < 2 || version.minor == bound.minor;
  const bool whole = bound.parts == 3;
  switch (condition.op) {
    case Operator::equal:
      return whole ? order == 0 : same_major && same_minor;
    case Operator::not_equal:
      return whole ? order != 0 : !(same_major && same_minor);
    case Operator::greater:
      return order > 0 && (whole || !(same_major && same_minor));
    case Operator::less:
      return order < 0;
    case Operator::at_least:
      return order >= 0;
    case Operator::at_most:
      return whole ? order <= 0 : order <= 0 || (same_major && same_minor);
    case Operator::tilde:
      return order >= 0 && same_major && same_minor;
    case Operator::caret:
      if (order < 0 || !same_major) return false;
      if (bound.major > 0 || bound.parts < 2) return true;
      if (version.minor != bound.minor) return false;
      return bound.minor > 0 || bound.parts < 3 || version.patch == bound.patch;
  }
  return false;
}

bool SemanticConstraint::admits(const SemanticVersion& version) const {
  return std::any_of(alternatives_.begin(), alternatives_.end(), [&](const auto& conditions) {
    return std::all_of(conditions.begin(), conditions.end(),
                       [&](const Condition& condition) { return meets(version, condition); });
  });
}

}  // namespace image
