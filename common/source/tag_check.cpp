#include "source/tag_check.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/file.hpp"
#include "git/history.hpp"
#include "git/wildmatch.hpp"
#include "source/examination.hpp"

namespace source {
namespace {

using git::Commit;
using git::ObjectId;
using git::RemoteRef;
using git::RemoteRefs;

constexpr std::string_view tags_prefix = "refs/tags/";

std::string short_name(const RemoteRef& tag) { return tag.name.substr(tags_prefix.size()); }

std::vector<ObjectId> unique_ids(const RemoteRefs& tags, const ObjectId& (*id_of)(const RemoteRef&)) {
  std::set<ObjectId> ids;
  for (const auto& tag : tags) ids.insert(id_of(tag));
  return {ids.begin(), ids.end()};
}

const ObjectId& commit_of(const RemoteRef& tag) { return tag.commit(); }
const ObjectId& object_of(const RemoteRef& tag) { return tag.id; }

// What `git tag --sort=creatordate` goes by.
std::int64_t creation_date(const git::ObjectStore& store, const RemoteRef& tag, const Commit& commit) {
  const auto object = store.find_tag(tag.id);
  return object ? object->date : commit.committer.time;
}

// The tags that the branch contains, found without its history: of all that is wanted, a server that is told we have
// the branch sends exactly the commits that the branch does not contain.
RemoteRefs contained(const RemoteRefs& tags, const Head& branch, git::Remote& remote,
                     const std::filesystem::path& temporary) {
  const base::TemporaryDirectory directory("check", temporary);
  git::ObjectStore store(directory.path() / "objects");
  git::FetchRequest request;
  request.progress = git::FetchRequest::Progress::told;
  request.wants = unique_ids(tags, commit_of);
  request.haves = {branch.commit};
  if (remote.can_filter()) request.filter = "tree:0";
  store.fetch(remote, request);
  RemoteRefs result;
  std::copy_if(tags.begin(), tags.end(), std::back_inserter(result),
               [&](const RemoteRef& tag) { return !store.has(tag.commit()); });
  return result;
}

}  // namespace

RemoteRefs matching_tags(const RemoteRefs& refs, const Source& source) {
  RemoteRefs result;
  std::optional<Pattern> pattern;
  if (!source.fields.tag_regex.empty()) pattern.emplace(source.fields.tag_regex, Syntax::extended, "source.tag_regex");
  for (const auto& ref : refs) {
    if (!ref.name.starts_with(tags_prefix)) continue;
    const std::string name = short_name(ref);
    if (pattern ? pattern->matches_whole(name) : git::wildmatch(source.fields.tag_filter, name)) result.push_back(ref);
  }
  return result;
}

bool has_tag(const RemoteRefs& tags, const std::string& name) {
  return std::any_of(tags.begin(), tags.end(), [&](const RemoteRef& tag) { return short_name(tag) == name; });
}

std::vector<concourse::Version> tagged_versions(const RemoteRefs& all_tags, const std::optional<Head>& branch,
                                                const Source& source, git::Remote& remote,
                                                const std::filesystem::path& temporary,
                                                const std::optional<std::string>& after) {
  const auto tags = branch && !all_tags.empty() ? contained(all_tags, *branch, remote, temporary) : all_tags;
  if (tags.empty()) return {};
  const base::TemporaryDirectory directory("check", temporary);
  git::ObjectStore store(directory.path() / "objects");
  git::FetchRequest request;
  request.wants = unique_ids(tags, object_of);
  if (remote.can_deepen()) request.depth = 1;
  if (remote.can_filter()) request.filter = "tree:0";
  store.fetch(remote, request);

  std::map<ObjectId, Commit> commits;
  std::vector<std::pair<std::int64_t, const RemoteRef*>> dated;
  for (const auto& tag : tags) {
    // A tag may name a tree or a blob, too: not a version of anything.
    const auto commit = store.find_commit_if_one(tag.commit());
    if (!commit) continue;
    dated.emplace_back(creation_date(store, tag, *commit), &tag);
    commits.emplace(commit->id, *commit);
  }
  std::sort(dated.begin(), dated.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second->name < b.second->name;
  });

  if (after) {
    const auto place =
        std::find_if(dated.begin(), dated.end(), [&](const auto& one) { return short_name(*one.second) == *after; });
    dated.erase(dated.begin(), place == dated.end() ? place : place + 1);
  }

  std::vector<Commit> candidates;
  std::set<ObjectId> dated_commits;
  for (const auto& [date, tag] : dated) {
    if (dated_commits.insert(tag->commit()).second) candidates.push_back(commits.at(tag->commit()));
  }
  std::set<ObjectId> accepted;
  for (const auto& commit : passing(candidates, Arrangement::tips, source, store, remote)) accepted.insert(commit.id);
  std::vector<concourse::Version> versions;
  for (const auto& [date, tag] : dated) {
    if (!accepted.contains(tag->commit())) continue;
    versions.push_back({{"ref", short_name(*tag)}, {"commit", tag->commit().text()}});
  }
  return versions;
}

std::optional<ObjectId> newest_tag_ancestor(const RemoteRefs& all_tags, const Head& branch, git::Remote& remote,
                                            const std::filesystem::path& temporary) {
  const auto tags = all_tags.empty() ? all_tags : contained(all_tags, branch, remote, temporary);
  if (tags.empty()) return std::nullopt;
  const base::TemporaryDirectory directory("check", temporary);
  git::ObjectStore store(directory.path() / "objects");
  // A server that is told we have the tags sends the commits of the branch that none of them contains. The first
  // parent that did not come is the newest that one does contain.
  git::FetchRequest request;
  request.progress = git::FetchRequest::Progress::told;
  request.wants = {branch.commit};
  request.haves = unique_ids(tags, commit_of);
  if (remote.can_filter()) request.filter = "tree:0";
  store.fetch(remote, request);
  const auto untagged = git::first_parents(store, branch.commit);
  if (untagged.empty()) return branch.commit;
  const auto& parents = untagged.back().parents;
  return parents.empty() ? std::nullopt : std::optional(parents.front());
}

std::vector<concourse::Version> tag_ancestor_versions(const RemoteRefs& tags, const Source& source, git::Remote& remote,
                                                      const std::filesystem::path& temporary) {
  if (tags.empty()) return {};
  const base::TemporaryDirectory directory("check", temporary);
  git::ObjectStore store(directory.path() / "objects");
  git::FetchRequest request;
  request.progress = git::FetchRequest::Progress::told;
  request.wants = unique_ids(tags, commit_of);
  if (remote.can_filter()) request.filter = "tree:0";
  store.fetch(remote, request);

  std::vector<Commit> candidates;
  for (const auto& id : git::first_parent_lines(store, request.wants)) {
    if (auto commit = store.find_commit(id)) candidates.push_back(*std::move(commit));
  }
  std::vector<concourse::Version> versions;
  for (const auto& commit : passing(candidates, Arrangement::tips, source, store, remote))
    versions.push_back({{"ref", commit.id.text()}});
  return versions;
}

}  // namespace source
