#include "image/tags.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <re2/re2.h>

#include "base/parallel.hpp"
#include "json/fields.hpp"

namespace image {
namespace {

constexpr std::size_t width = 8;  // requests at a time: a hundred tags cost a dozen round trips, not a hundred

std::string bare_tag(const SemanticTags& rules) { return rules.variant.empty() ? "latest" : rules.variant; }

bool is_followed(const SemanticVersion& version, const SemanticTags& rules) {
  if (rules.constraint && !rules.constraint->admits(version)) return false;
  const std::string_view pre_release = version.pre_release;
  if (pre_release.empty()) return true;
  if (rules.pre_releases == SemanticTags::PreReleases::left_out) return false;
  // "1.0.0-rc.1-alpine" and "1.0.0-alpine" are variants.
  if (pre_release.find('-') != std::string_view::npos) return false;
  return std::any_of(rules.pre_release_prefixes.begin(), rules.pre_release_prefixes.end(), [&](const auto& prefix) {
    return pre_release.starts_with(prefix) &&
           (pre_release.size() == prefix.size() || pre_release[prefix.size()] == '.');
  });
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

std::string created(const registry::Reference& reference, const registry::Platform& platform,
                    registry::Client& client) {
  const auto image = client.find_image(reference, platform);
  std::string time = image ? json::text_or(image->config, "created") : "";
  // Without its Z a time with a fraction of a second sorts after the one without.
  if (time.ends_with('Z')) time.pop_back();
  return time;
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
  auto candidates = semantic_candidates(client.tags(repository), rules);
  drop_older(candidates, repository, version, client);
  std::vector<std::string> tags;
  for (const auto& candidate : candidates) tags.push_back(candidate.tag);
  return written(order_semantic(candidates, resolve_all(repository, tags, client), rules));
}

void require_pattern(const std::string& pattern) {
  const re2::RE2 expression(pattern, re2::RE2::Quiet);
  if (!expression.ok()) {
    json::wrong_value("source.tag_regex",
                      fmt::format("\"{}\" is not a regular expression: {}", pattern, expression.error()),
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
    std::vector<std::pair<std::string, std::string>> times(tags.size());
    base::for_each_parallel(tags.size(), width, [&](std::size_t i) {
      times[i] = {created({repository, std::nullopt, digests.at(tags[i])}, platform, client), tags[i]};
    });
    std::sort(times.begin(), times.end());
    for (std::size_t i = 0; i < tags.size(); ++i) tags[i] = times[i].second;
  }
  std::vector<Version> versions;
  for (const auto& tag : tags) versions.push_back({tag, digests.at(tag)});
  return written(versions);
}

}  // namespace image
