#include "fleet/selection.hpp"

#include <algorithm>
#include <re2/re2.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace fleet {
namespace {

std::shared_ptr<const re2::RE2> compile(const std::string& pattern, const std::string& field) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto compiled = std::make_shared<const re2::RE2>(pattern, options);
  if (!compiled->ok()) {
    json::wrong_value(field, "\"" + base::printable(pattern) + "\" is not a pattern: " + compiled->error(),
                      "its syntax is RE2's");
  }
  return compiled;
}

}  // namespace

bool matches_glob(std::string_view glob, std::string_view text) {
  // Where the last "*" was met, and how much of the text it has taken: it takes more when what follows does not fit.
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;
  std::size_t g = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      taken = t;
    } else if (g < glob.size() && (glob[g] == '?' || glob[g] == text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

bool matches(std::string_view glob, const registry::Reference& image) {
  const auto& [host, path] = image.repository;
  const std::string tag = ":" + image.tag.value_or("");
  return matches_glob(glob, path) || matches_glob(glob, path + tag) || matches_glob(glob, host + "/" + path) ||
         matches_glob(glob, host + "/" + path + tag);
}

bool matches_any(const std::vector<std::string>& globs, const registry::Reference& image) {
  return std::any_of(globs.begin(), globs.end(), [&](const auto& glob) { return matches(glob, image); });
}

TagPattern::TagPattern(const std::string& tags, const std::vector<std::string>& exclude, const std::string& field) {
  if (!tags.empty()) tags_ = compile(tags, field + ".tags");
  for (std::size_t i = 0; i < exclude.size(); ++i) {
    exclude_.push_back(compile(exclude[i], field + ".exclude[" + std::to_string(i) + "]"));
  }
}

bool TagPattern::takes(const std::string& tag) const {
  if (is_kept_for_others(tag)) return false;
  if (tags_ && !re2::RE2::PartialMatch(tag, *tags_)) return false;
  return std::none_of(exclude_.begin(), exclude_.end(),
                      [&](const auto& pattern) { return re2::RE2::PartialMatch(tag, *pattern); });
}

bool is_kept_for_others(std::string_view tag) {
  if (tag.starts_with("cache-")) return true;
  if (!tag.starts_with("sha256-") || tag.size() < 7 + 64) return false;
  const auto hex = tag.substr(7, 64);
  const bool is_hex = hex.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  const auto suffix = tag.substr(7 + 64);
  return is_hex && (suffix.empty() || suffix.front() == '.' || suffix.front() == '-');
}

Selection select(std::vector<registry::Reference> named, const registry::Reference& record) {
  const auto key = [](const auto& image) { return std::pair(image.repository.text(), image.tag.value_or("")); };
  std::stable_sort(named.begin(), named.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  Selection result;
  for (auto& image : named) {
    if (key(image) == key(record)) continue;
    auto& list = !result.images.empty() && key(result.images.back()) == key(image) ? result.repeated : result.images;
    list.push_back(std::move(image));
  }
  return result;
}

}  // namespace fleet
