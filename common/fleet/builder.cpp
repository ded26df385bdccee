#include "fleet/builder.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "json/value.hpp"
#include "lifecycle/metadata.hpp"

namespace fleet {
namespace {

constexpr std::string_view builder_label = "io.buildpacks.builder.metadata";
constexpr std::string_view reference_lifecycle = "github.com/buildpacks/lifecycle";
constexpr std::size_t most_buildpacks = 2000;
constexpr std::size_t longest_word = 200;

// A label is anybody's text: what cannot be read says nothing.
std::optional<json::Value> document(const registry::Image& image, std::string_view name) {
  const auto text = image.label(name);
  if (!text) return std::nullopt;
  try {
    auto value = json::parse(*text, name);
    if (value.is_object()) return value;
  } catch (const base::Error&) {  // as if it were not there
  }
  return std::nullopt;
}

struct Buildpack {
  std::string id;
  std::string version;
};

std::vector<Buildpack> buildpacks_of(const json::Value& document) {
  std::vector<Buildpack> result;
  const auto* list = json::find(document, "buildpacks");
  if (list == nullptr || !list->is_array()) return result;
  for (const auto& entry : *list) {
    Buildpack buildpack{base::printable(json::text_or(entry, "id"), longest_word),
                        base::printable(json::text_or(entry, "version"), longest_word)};
    if (!buildpack.id.empty() && result.size() < most_buildpacks) result.push_back(std::move(buildpack));
  }
  return result;
}

std::string member_text(const json::Value& document, std::string_view object, std::string_view name) {
  const auto* found = json::find(document, object);
  return found == nullptr ? "" : base::printable(json::text_or(*found, name), longest_word);
}

// launcher.source.git.repository of io.buildpacks.build.metadata
std::string launcher_origin(const json::Value& build) {
  const auto* launcher = json::find(build, "launcher");
  const auto* source = launcher == nullptr ? nullptr : json::find(*launcher, "source");
  const auto* git = source == nullptr ? nullptr : json::find(*source, "git");
  return git == nullptr ? "" : json::text_or(*git, "repository");
}

struct Numbers {
  std::vector<std::uint64_t> parts;
  std::string_view pre_release;
};

// "v1.2.3-rc.1+build": numbers up to what is not one; what follows "+" does not count.
Numbers numbers_of(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  text = text.substr(0, text.find('+'));
  Numbers result;
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    result.pre_release = text.substr(dash + 1);
    text = text.substr(0, dash);
  }
  while (!text.empty()) {
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9' && digits < 18; ++digits) {
      number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
    }
    if (digits == 0) break;
    result.parts.push_back(number);
    text.remove_prefix(
        std::min(text.find('.') == std::string_view::npos ? text.size() : text.find('.') + 1, text.size()));
  }
  while (!result.parts.empty() && result.parts.back() == 0) result.parts.pop_back();  // 1.0 is 1
  return result;
}

}  // namespace

bool is_older(std::string_view a, std::string_view b) {
  const auto left = numbers_of(a);
  const auto right = numbers_of(b);
  if (left.parts != right.parts) return left.parts < right.parts;
  if (left.pre_release.empty() || right.pre_release.empty()) {
    return !left.pre_release.empty() && right.pre_release.empty();
  }
  return left.pre_release < right.pre_release;
}

std::optional<Builder> parse_builder(const registry::Image& image) {
  const auto metadata = document(image, builder_label);
  if (!metadata) return std::nullopt;
  Builder result;
  for (auto& [id, version] : buildpacks_of(*metadata)) result.buildpacks[id].push_back(std::move(version));
  result.lifecycle = member_text(*metadata, "lifecycle", "version");
  return result;
}

std::vector<NeededBuild> needs_of(const registry::Image& image, const Builder& builder) {
  std::vector<NeededBuild> result;
  const auto build = document(image, lifecycle::label::build_metadata);
  if (!build) return result;
  for (const auto& [id, version] : buildpacks_of(*build)) {
    const auto known = builder.buildpacks.find(id);
    if (known == builder.buildpacks.end()) {
      result.push_back({id, version, ""});
      continue;
    }
    const auto& versions = known->second;
    const auto newest = *std::max_element(versions.begin(), versions.end(), is_older);
    const bool there = std::find(versions.begin(), versions.end(), version) != versions.end();
    if (!there && is_older(version, newest)) result.push_back({id, version, newest});
  }
  const auto launcher = member_text(*build, "launcher", "version");
  const bool of_reference = launcher_origin(*build).find(reference_lifecycle) != std::string::npos;
  const auto& now = of_reference ? builder.lifecycle : builder.own_launcher;
  if (!launcher.empty() && is_older(launcher, now)) result.push_back({"launcher", launcher, now});
  return result;
}

}  // namespace fleet
