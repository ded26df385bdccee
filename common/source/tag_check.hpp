// The versions of a source with a tag filter: the tagged commits, or the commits that lead to them.
#pragma once

#include <optional>
#include <vector>

#include "concourse/version.hpp"
#include "git/remote.hpp"
#include "source/head.hpp"
#include "source/source.hpp"

namespace source {

// The tags whose names pass tag_filter or tag_regex.
[[nodiscard]] git::RemoteRefs matching_tags(const git::RemoteRefs& refs, const Source& source);
[[nodiscard]] bool has_tag(const git::RemoteRefs& tags, const std::string& name);

// match_tagged: {ref: tag, commit} of every such tag whose commit passes the other filters, by creation date (that of
// the tag, or of the commit for a tag that is not an object). With `branch`, only tags that it contains; with `after`,
// only those that come after this one, whether or not it passes itself; none when the branch does not contain it.
[[nodiscard]] std::vector<concourse::Version> tagged_versions(const git::RemoteRefs& tags,
                                                              const std::optional<Head>& branch, const Source& source,
                                                              git::Remote& remote,
                                                              const std::filesystem::path& temporary,
                                                              const std::optional<std::string>& after = std::nullopt);

// match_tag_ancestors: {ref: commit} of every commit that passes and that such a tag contains. Along a branch these end
// with the newest of its commits, by first parents, that a tag of the branch contains; nothing when none is.
[[nodiscard]] std::optional<git::ObjectId> newest_tag_ancestor(const git::RemoteRefs& tags, const Head& branch,
                                                               git::Remote& remote,
                                                               const std::filesystem::path& temporary);
// Without a branch: along the first parents of the tags, oldest first.
[[nodiscard]] std::vector<concourse::Version> tag_ancestor_versions(const git::RemoteRefs& tags, const Source& source,
                                                                    git::Remote& remote,
                                                                    const std::filesystem::path& temporary);

}  // namespace source
