#include "source/examination.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "git/tree_changes.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;
using git::Change;
using git::ObjectId;

// A request of so many lines is 100 kB.
constexpr std::size_t most_wants = 2000;

// Brings what single commits and trees are missing into a store. Any object may be wanted in version 2; a server that
// refuses all the same (JGit's default) is asked for the whole trees of the history instead, once.
class Completion {
 public:
  Completion(const std::vector<git::Commit>& commits, Arrangement arrangement, git::ObjectStore& store,
             git::Remote& remote)
      : commits_(commits), arrangement_(arrangement), store_(store), remote_(remote) {}

  void commits(const std::set<ObjectId>& ids) { objects(ids, 1); }
  void trees(const std::set<ObjectId>& ids) { objects(ids, std::nullopt); }

 private:
  void objects(std::set<ObjectId> missing, std::optional<std::uint32_t> depth) {
    while (!missing.empty()) {
      git::FetchRequest request;
      for (auto id = missing.begin(); id != missing.end() && request.wants.size() < most_wants; ++id) {
        request.wants.push_back(*id);
      }
      if (!remote_.can_want_any() || !remote_.can_filter()) return everything();
      request.depth = depth;
      request.filter = "tree:0";  // what is wanted by name comes all the same, and nothing below it
      try {
        store_.fetch(remote_, request);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::not_found && error.kind() != ErrorKind::protocol) throw;
        return everything();
      }
      // A tree that lies below another wanted one falls to the filter: it is wanted again, without the other.
      if (std::erase_if(missing, [&](const ObjectId& id) { return store_.has(id); }) == 0) return everything();
    }
  }

  void everything() {
    if (complete_ || commits_.empty()) return;
    complete_ = true;
    git::FetchRequest request;
    const std::size_t wanted = arrangement_ == Arrangement::chain ? 1 : commits_.size();
    for (std::size_t i = 0; i < wanted; ++i) request.wants.push_back(commits_[i].id);
    // The oldest commit is compared with its parent.
    if (remote_.can_deepen()) request.depth = static_cast<std::uint32_t>(commits_.size() - wanted + 2);
    if (remote_.can_filter()) request.filter = "blob:none";
    store_.fetch(remote_, request);
  }

  const std::vector<git::Commit>& commits_;
  Arrangement arrangement_;
  git::ObjectStore& store_;
  git::Remote& remote_;
  bool complete_ = false;
};

class PathExamination {
 public:
  PathExamination(const std::vector<git::Commit>& commits, Arrangement arrangement, const Source& source,
                  git::ObjectStore& store, git::Remote& remote)
      : paths_(source.paths), store_(store), completion_(commits, arrangement, store, remote) {}

  std::vector<git::Commit> run(std::vector<git::Commit> candidates) {
    load_parents(candidates);
    std::map<ObjectId, Change> known;
    while (true) {
      std::set<ObjectId> missing;
      for (const auto& commit : candidates) {
        base::throw_if_terminated();
        auto& change = known.try_emplace(commit.id, Change::unknown).first->second;
        if (change == Change::unknown) {
          change = git::changes(store_, parent_tree(commit), commit.tree, paths_, missing);
        }
      }
      if (missing.empty()) break;
      // A tree that was asked for and did not come would be asked for again, for ever.
      if (std::any_of(missing.begin(), missing.end(), [&](const auto& id) { return !asked_.insert(id).second; })) {
        throw Error(ErrorKind::protocol, {"read", "the trees of the repository", "the server does not send them", ""});
      }
      completion_.trees(missing);
    }
    std::erase_if(candidates, [&](const git::Commit& commit) { return known.at(commit.id) != Change::some; });
    return candidates;
  }

 private:
  // The parent of the chain's last commit lies beyond what was fetched.
  void load_parents(const std::vector<git::Commit>& candidates) {
    std::set<ObjectId> missing;
    for (const auto& commit : candidates) {
      if (!commit.parents.empty() && !store_.has(commit.parents.front())) missing.insert(commit.parents.front());
    }
    if (!missing.empty()) completion_.commits(missing);
  }

  std::optional<ObjectId> parent_tree(const git::Commit& commit) {
    if (commit.parents.empty()) return std::nullopt;
    const auto parent = store_.find_commit(commit.parents.front());
    // Only a repository that is itself shallow has no parent to give; git takes such a commit for a root, too.
    if (!parent) return std::nullopt;
    return parent->tree;
  }

  const git::Pathspec& paths_;
  git::ObjectStore& store_;
  Completion completion_;
  std::set<ObjectId> asked_;
};

}  // namespace

std::string history_filter(const Source& source, git::Remote& remote) {
  if (!remote.can_filter()) return "";
  if (source.paths.everything()) return "tree:0";
  const auto depth = source.paths.depth();
  if (!depth) return "blob:none";
  return *depth == 1 ? "tree:1" : fmt::format("combine:blob:none+tree:{}", *depth);
}

std::vector<git::Commit> passing(const std::vector<git::Commit>& commits, Arrangement arrangement, const Source& source,
                                 git::ObjectStore& store, git::Remote& remote) {
  std::vector<git::Commit> candidates;
  for (const auto& commit : commits) {
    if (source.messages.accepts(commit.message)) candidates.push_back(commit);
  }
  if (source.paths.everything() || candidates.empty()) return candidates;
  return PathExamination(commits, arrangement, source, store, remote).run(std::move(candidates));
}

}  // namespace source
