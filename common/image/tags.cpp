#include "image/tags.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <re2/re2.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "image/instant.hpp"
#include "json/fields.hpp"

namespace image {
namespace {

constexpr std::size_t width = registry::HostLimits{}.questions;
constexpr std::array<std::string_view, 3> usual_prefixes{"alpha", "beta", "rc"};

std::string bare_tag(const SemanticTags& rules) { return rules.variant.empty() ? "latest" : rules.variant; }

bool is_followed(const SemanticVersion& version, const SemanticTags& rules) {
  if (rules.constraint && !rules.constraint->admits(version)) return false;
  const std::string_view pre_release = version.pre_release;
  if (pre_release.empty()) return true;
  if (rules.pre_releases == SemanticTags::PreReleases::left_out) return false;
  const auto begins = [&](std::string_view prefix) { return pre_release.starts_with(prefix); };
  if (std::any_of(rules.more_prefixes.begin(), rules.more_prefixes.end(), begins)) return true;
  // "1.0.0-rc.1-alpine" is a variant; whoever names prefixes of their own has dashes of their own.
  if (rules.more_prefixes.empty() && pre_release.find('-') != std::string_view::npos) return false;
  return std::any_of(usual_prefixes.begin(), usual_prefixes.end(), begins);
}

// Whether `a` says better than `b` what both are tags of.
bool names_better(const Candidate& a, const Candidate& b) {
  const bool a_pre = !a.version->pre_release.empty();
  const bool b_pre = !b.version->pre_release.empty();
  if (a_pre != b_pre) return b_pre;
  return std::count(a.tag.begin(), a.tag.end(), '.') > std::count(b.tag.begin(), b.tag.end(), '.');
}

std::map<std::string, registry::Digest> resolve_all(const registry::Repository& repository,
                                                    const std::vector<std::string>& tags, registry::Client& client) {
  std::vector<std::optional<registry::Descriptor>> found(tags.size());
  base::for_each_parallel(tags.size(), width, [&](std::size_t i) {
    found[i] = client.resolve({repository, tags[i], std::nullopt});
  });
  std::map<std::string, registry::Digest> result;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (found[i]) result.emplace(tags[i], found[i]->digest);
  }
  return result;
}

std::vector<concourse::Version> written(const std::vector<Version>& versions) {
  std::vector<concourse::Version> result;
  for (const auto& version : versions) result.push_back(write_version(version.tag, version.digest));
  return result;
}

// Nothing older than a version that stands where it stood needs to be asked for.
void drop_older(std::vector<Candidate>& candidates, const registry::Repository& repository,
                const std::optional<Version>& version, registry::Client& client) {
  if (!version) return;
  const auto known = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const Candidate& candidate) { return candidate.tag == version->tag; });
  if (known == candidates.end() || !known->version) return;
  const auto now = client.resolve({repository, version->tag, std::nullopt});
  if (!now || now->digest != version->digest) return;
  const SemanticVersion cursor = *known->version;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    return candidate.tag != version->tag && candidate.version && compare(*candidate.version, cursor) <= 0;
  });
}

// What is not an image, or says no time, comes before all others.
Instant created(const registry::Reference& reference, const registry::Platform& platform, registry::Client& client) {
  try {
    const auto image = client.find_image(reference, platform);
    return image ? Instant::parse(json::text_or(image->config, "created")).value_or(Instant{}) : Instant{};
  } catch (const base::Error& error) {
    const bool odd = error.kind() == base::ErrorKind::protocol || error.kind() == base::ErrorKind::not_found;
    if (!odd) throw;
    return {};
  }
}

std::vector<Version> find_semantic(const registry::Repository& repository, const std::vector<std::string>& names,
                                   const SemanticTags& rules, const std::optional<Version>& version,
                                   registry::Client& client) {
  auto candidates = semantic_candidates(names, rules);
  drop_older(candidates, repository, version, client);
  std::vector<std::string> tags;
  for (const auto& candidate : candidates) tags.push_back(candidate.tag);
  return order_semantic(candidates, resolve_all(repository, tags, client), rules);
}

}  // namespace

std::vector<Candidate> semantic_candidates(const std::vector<std::string>& tags, const SemanticTags& rules) {
  std::vector<Candidate> result;
  const std::string suffix = rules.variant.empty() ? "" : "-" + rules.variant;
  for (const auto& tag : tags) {
    if (tag == bare_tag(rules)) {
      result.push_back({tag, std::nullopt});
      continue;
    }
    if (!tag.ends_with(suffix)) continue;
    const auto version = SemanticVersion::parse(tag.substr(0, tag.size() - suffix.size()));
    if (version && is_followed(*version, rules)) result.push_back({tag, version});
  }
  return result;
}

std::vector<Version> order_semantic(const std::vector<Candidate>& candidates,
                                    const std::map<std::string, registry::Digest>& digests, const SemanticTags& rules) {
  std::map<registry::Digest, const Candidate*> best;
  const Candidate* bare = nullptr;
  for (const auto& candidate : candidates) {
    const auto digest = digests.find(candidate.tag);
    if (digest == digests.end()) continue;
    if (!candidate.version) {
      bare = &candidate;
      continue;
    }
    const auto [known, added] = best.emplace(digest->second, &candidate);
    if (!added && names_better(candidate, *known->second)) known->second = &candidate;
  }
  std::vector<const Candidate*> sorted;
  for (const auto& [digest, candidate] : best) sorted.push_back(candidate);
  std::sort(sorted.begin(), sorted.end(), [](const Candidate* a, const Candidate* b) {
    const auto order = compare(*a->version, *b->version);
    return order != 0 ? order < 0 : a->tag < b->tag;
  });
  std::vector<Version> result;
  for (const auto* candidate : sorted) result.push_back({candidate->tag, digests.at(candidate->tag)});
  if (bare != nullptr && !rules.constraint && !best.contains(digests.at(bare->tag))) {
    result.push_back({bare->tag, digests.at(bare->tag)});
  }
  return result;
}

std::vector<concourse::Version> check_semantic(const registry::Repository& repository, const SemanticTags& rules,
                                               const std::optional<Version>& version, registry::Client& client) {
  const auto names = client.tags(repository);
  auto versions = find_semantic(repository, names, rules, version, client);
  // `latest` may have moved, with a version, between the list and the question: the version is the better name, and
  // comes first.
  const bool ends_bare = !versions.empty() && versions.back().tag == bare_tag(rules);
  if (!ends_bare) return written(versions);
  const auto names_now = client.tags(repository);
  if (names_now != names) versions = find_semantic(repository, names_now, rules, version, client);
  return written(versions);
}

void require_pattern(const std::string& pattern, const std::string& field) {
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  if (!expression.ok()) {
    json::wrong_value(field, fmt::format("\"{}\" is not a regular expression: {}", pattern, expression.error()),
                      "see github.com/google/re2/wiki/Syntax");
  }
}

std::vector<concourse::Version> check_pattern(const registry::Repository& repository, const PatternTags& rules,
                                              const registry::Platform& platform, registry::Client& client) {
  const re2::RE2 expression(rules.pattern, re2::RE2::Quiet);
  auto tags = client.tags(repository);
  std::erase_if(tags, [&](const std::string& tag) { return !re2::RE2::PartialMatch(tag, expression); });
  const auto digests = resolve_all(repository, tags, client);
  std::erase_if(tags, [&](const std::string& tag) { return !digests.contains(tag); });
  if (rules.order == PatternTags::Order::created) {
    std::vector<std::pair<Instant, std::string>> times(tags.size());
    base::for_each_parallel(tags.size(), width, [&](std::size_t i) {
      times[i] = {created({repository, std::nullopt, digests.at(tags[i])}, platform, client), tags[i]};
    });
    // Of the same age the registry's order counts.
    std::stable_sort(times.begin(), times.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = 0; i < tags.size(); ++i) tags[i] = times[i].second;
  }
  std::vector<Version> versions;
  for (const auto& tag : tags) versions.push_back({tag, digests.at(tag)});
  return written(versions);
}

}  // namespace image
