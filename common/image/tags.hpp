// Which tags of a repository are versions, and in which order: by semantic version, or by a pattern. The rules are
// those of the registry-image resource.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "concourse/version.hpp"
#include "image/semver.hpp"
#include "image/version.hpp"
#include "registry/client.hpp"

namespace image {

// Tags that are versions, "1.2.3" or with a variant "1.2.3-alpine"; and the bare one, "latest" or the variant alone.
struct SemanticTags {
  std::string variant = "";
  std::optional<SemanticConstraint> constraint = std::nullopt;
  enum class PreReleases { left_out, followed } pre_releases = PreReleases::left_out;
  std::vector<std::string> more_prefixes = {};  // of pre-releases, beside alpha, beta and rc
};

// Tags that a pattern (RE2) is found in.
struct PatternTags {
  std::string pattern;
  enum class Order { listed, created } order = Order::listed;
};

struct Candidate {
  std::string tag;
  std::optional<SemanticVersion> version;  // nothing for the bare tag
};
// The tags that the rules let through, in no order.
[[nodiscard]] std::vector<Candidate> semantic_candidates(const std::vector<std::string>& tags,
                                                         const SemanticTags& rules);

// The versions in their order, one for each digest: a release before a pre-release, "1.2.3" before "1.2". The bare
// tag comes last, where no version has its digest and no constraint is set. `digests` lacks tags that have gone.
[[nodiscard]] std::vector<Version> order_semantic(const std::vector<Candidate>& candidates,
                                                  const std::map<std::string, registry::Digest>& digests,
                                                  const SemanticTags& rules);

[[nodiscard]] std::vector<concourse::Version> check_semantic(const registry::Repository& repository,
                                                             const SemanticTags& rules,
                                                             const std::optional<Version>& version,
                                                             registry::Client& client);
// Error{usage} naming source.tag_regex for what is not a pattern.
void require_pattern(const std::string& pattern, const std::string& field);
[[nodiscard]] std::vector<concourse::Version> check_pattern(const registry::Repository& repository,
                                                            const PatternTags& rules,
                                                            const registry::Platform& platform,
                                                            registry::Client& client);

}  // namespace image
