#include "image/ready_tags.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/errors.hpp"
#include "registry/reference.hpp"

namespace image {
namespace {

std::string with_variant(std::string text, const std::string& variant) {
  return variant.empty() ? text : std::move(text) + "-" + variant;
}

// The release that a tag of this variant names; nothing for pre-releases and what is not a version.
std::optional<SemanticVersion> release_of(std::string_view tag, const std::string& variant) {
  if (!variant.empty()) {
    const auto suffix = "-" + variant;
    if (!tag.ends_with(suffix)) return std::nullopt;
    tag.remove_suffix(suffix.size());
  }
  auto version = SemanticVersion::parse(tag);
  return version && version->pre_release.empty() ? version : std::nullopt;
}

}  // namespace

std::string version_tag(const std::string& version, const std::string& variant) {
  const auto parsed = SemanticVersion::parse(version);
  if (!parsed) {
    json::wrong_value("params.version", fmt::format("invalid semantic version: \"{}\"", base::printable(version, 64)),
                      "as in params.version: 1.2.3");
  }
  if (version.find('+') != std::string::npos) {
    json::wrong_value("params.version",
                      fmt::format("\"{}\" has build metadata, and no tag can hold a +", base::printable(version, 64)),
                      "leave out what stands after the +");
  }
  auto tag = fmt::format("{}.{}.{}", parsed->major, parsed->minor, parsed->patch);
  if (!parsed->pre_release.empty()) tag += "-" + parsed->pre_release;
  tag = with_variant(std::move(tag), variant);
  if (!registry::is_tag(tag)) json::wrong_value("params.version", fmt::format("\"{}\" is not a tag", tag));
  return tag;
}

std::vector<std::string> aliases_of(const SemanticVersion& version, const std::string& variant,
                                    const std::vector<std::string>& existing) {
  if (!version.pre_release.empty()) return {};
  bool is_latest = true;
  bool is_highest_minor = true;
  bool is_highest_patch = true;
  for (const auto& tag : existing) {
    const auto other = release_of(tag, variant);
    if (!other) continue;
    if (compare(*other, version) > 0) is_latest = false;
    if (other->major != version.major) continue;
    if (other->minor > version.minor) is_highest_minor = false;
    if (other->minor == version.minor && other->patch > version.patch) is_highest_minor = is_highest_patch = false;
  }
  std::vector<std::string> result;
  if (is_highest_patch) result.push_back(with_variant(fmt::format("{}.{}", version.major, version.minor), variant));
  if (is_highest_minor) result.push_back(with_variant(fmt::format("{}", version.major), variant));
  if (is_latest) result.push_back(variant.empty() ? "latest" : variant);
  return result;
}

std::vector<std::string> tags_of(const TagWishes& wishes) {
  std::vector<std::string> result;
  const auto add = [&](const std::string& tag) {
    if (std::find(result.begin(), result.end(), tag) == result.end()) result.push_back(tag);
  };
  if (wishes.watched) add(*wishes.watched);
  if (wishes.version) add(*wishes.version);
  for (const auto& tag : wishes.additional) add(tag);
  for (const auto& tag : wishes.aliases) add(tag);
  if (result.empty()) {
    throw base::Error(base::ErrorKind::usage, {"push params.image", "", "no tag specified",
                                               "give source.tag, params.version or params.additional_tags"});
  }
  return result;
}

}  // namespace image
