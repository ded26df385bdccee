#include "source/check.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <limits>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/object_store.hpp"
#include "source/connection.hpp"
#include "source/examination.hpp"
#include "source/head.hpp"
#include "source/source.hpp"

namespace source {
namespace {

using git::Commit;
using git::ObjectId;

// Where the first look did not find enough, the next ones are larger: a round trip costs more than a few commits.
constexpr std::uint32_t first_deepening = 32;

class BranchCheck {
 public:
  BranchCheck(const Source& source, git::Remote& remote, ObjectId head)
      : source_(source),
        remote_(remote),
        head_(std::move(head)),
        directory_("check", "/tmp"),
        store_(directory_.path() / "objects") {}

  // The versions since `known`, it included when it passes; nothing when the repository has no such commit.
  std::optional<std::vector<Commit>> since(const ObjectId& known) {
    git::FetchRequest request;
    request.wants = {head_};
    request.haves = {known};
    request.filter = history_filter(source_, remote_);
    request.negotiation = git::Negotiation::ask;
    auto result = store_.fetch(remote_, request);
    if (!result.has_pack) {
      // NAK: `done` would now ask for all of history.
      if (std::find(result.common.begin(), result.common.end(), known) == result.common.end()) return std::nullopt;
      // The server has the commit, but the head does not come from it: what came since the fork.
      request.negotiation = git::Negotiation::decide;
      store_.fetch(remote_, request);
    }
    auto chain = git::first_parents(store_, head_);
    auto found = passing(chain, source_, store_, remote_);
    const bool descends = !chain.empty() && !chain.back().parents.empty() && chain.back().parents.front() == known;
    if (descends && known_passes(known)) found.push_back(*store_.find_commit(known));
    return found;
  }

  // The newest `count` versions.
  std::vector<Commit> newest(std::size_t count) {
    std::uint32_t depth = static_cast<std::uint32_t>(count);
    git::FetchRequest request;
    request.wants = {head_};
    request.filter = history_filter_for_newest();
    while (true) {
      const bool all = !remote_.can_deepen() || depth >= git::whole_history / 2;
      request.depth = all ? std::nullopt : std::optional(depth);
      const auto result = store_.fetch(remote_, request);
      const auto chain = git::first_parents(store_, head_);
      if (chain.empty()) {
        throw base::Error(base::ErrorKind::protocol,
                          {"read", remote_.shown(), "the server did not send commit " + head_.text(), ""});
      }
      auto found = passing(chain, source_, store_, remote_);
      if (found.size() >= count || all || reaches_root(chain, result)) {
        if (found.size() > count) found.resize(count, found.front());
        return found;
      }
      // What is there is not sent again: the server is told of it, and where it ends.
      request.haves = {head_};
      request.shallow = boundary(request.shallow, result);
      depth = std::max(first_deepening, depth * 2);
    }
  }

 private:
  // Trees of the first commits alone would be most of what is sent: they are fetched as the filter asks for them.
  std::string history_filter_for_newest() { return remote_.can_filter() ? "tree:0" : ""; }

  static bool reaches_root(const std::vector<Commit>& chain, const git::FetchResult& result) {
    const auto& last = chain.back();
    return last.parents.empty() ||
           std::find(result.shallow.begin(), result.shallow.end(), last.id) == result.shallow.end();
  }

  static std::vector<ObjectId> boundary(std::vector<ObjectId> before, const git::FetchResult& result) {
    std::erase_if(before, [&](const ObjectId& id) {
      return std::find(result.unshallow.begin(), result.unshallow.end(), id) != result.unshallow.end();
    });
    for (const auto& id : result.shallow) {
      if (std::find(before.begin(), before.end(), id) == before.end()) before.push_back(id);
    }
    return before;
  }

  bool known_passes(const ObjectId& known) {
    if (source_.messages.everything() && source_.paths.everything()) return load(known).has_value();
    const auto commit = load(known);
    return commit && !passing({*commit}, source_, store_, remote_).empty();
  }

  std::optional<Commit> load(const ObjectId& id) {
    if (auto commit = store_.find_commit(id)) return commit;
    git::FetchRequest request;
    request.wants = {id};
    if (remote_.can_deepen()) request.depth = 1;
    request.filter = remote_.can_filter() ? "tree:0" : "";
    store_.fetch(remote_, request);
    return store_.find_commit(id);
  }

  const Source& source_;
  git::Remote& remote_;
  ObjectId head_;
  base::TemporaryDirectory directory_;
  git::ObjectStore store_;
};

std::vector<concourse::Version> to_versions(std::vector<Commit> newest_first) {
  std::vector<concourse::Version> versions;
  for (auto commit = newest_first.rbegin(); commit != newest_first.rend(); ++commit) {
    versions.push_back({{"ref", commit->id.text()}});
  }
  return versions;
}

}  // namespace

std::vector<concourse::Version> check(const concourse::Request& request, concourse::Context& context) {
  const Source source = read_source(request.source);
  std::optional<ObjectId> known;
  if (request.version) {
    concourse::require_version_keys(*request.version, {{"ref"}, {"ref", "commit"}}, request.kind);
    // A version that is no commit is of another time of this resource (a tag filter, now gone): check starts anew.
    known = ObjectId::parse(request.version->at("ref"));
  }
  auto connection = connect(source, context);
  auto& remote = *connection.remote;
  const auto head = find_head(source, remote);
  if (!head) return {};
  if (known == head->commit) return {{{"ref", known->text()}}};
  BranchCheck branch(source, remote, head->commit);
  if (known) {
    if (auto found = branch.since(*known)) return to_versions(*std::move(found));
    context.log.info(fmt::format("{} has no commit {}: reporting the newest", remote.shown(), known->text()));
  }
  return to_versions(branch.newest(source.fields.version_depth));
}

}  // namespace source
