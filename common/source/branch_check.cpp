#include "source/branch_check.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "source/examination.hpp"

namespace source {
namespace {

using git::Commit;
using git::ObjectId;

// Where the first look did not find enough, the next ones are larger: a round trip costs more than a few commits. A
// commit that changes certain paths is seldom the first one.
constexpr std::uint32_t first_look_for_paths = 16;
constexpr std::uint32_t first_deepening = 32;

bool contains(const std::vector<ObjectId>& ids, const ObjectId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Whether the chain ends where the history does, and not where the fetch was cut.
bool is_whole(const std::vector<Commit>& chain, const git::FetchResult& result) {
  return chain.back().parents.empty() || !contains(result.shallow, chain.back().id);
}

// Where the history ends that was received so far.
std::vector<ObjectId> boundary(std::vector<ObjectId> before, const git::FetchResult& result) {
  std::erase_if(before, [&](const ObjectId& id) { return contains(result.unshallow, id); });
  for (const auto& id : result.shallow) {
    if (!contains(before, id)) before.push_back(id);
  }
  return before;
}

}  // namespace

BranchCheck::BranchCheck(const Source& source, git::Remote& remote, ObjectId head,
                         const std::filesystem::path& temporary)
    : source_(source),
      remote_(remote),
      head_(std::move(head)),
      directory_("check", temporary),
      store_(directory_.path() / "objects") {}

std::vector<ObjectId> BranchCheck::examine(const std::vector<Commit>& chain) {
  std::vector<ObjectId> ids;
  for (const auto& commit : passing(chain, Arrangement::chain, source_, store_, remote_)) ids.push_back(commit.id);
  return ids;
}

std::optional<BranchCheck::News> BranchCheck::since(const ObjectId& known) {
  git::FetchRequest request;
  request.wants = {head_};
  request.haves = {known};
  request.filter = history_filter(source_, remote_);
  request.negotiation = git::Negotiation::ask;
  const auto result = store_.fetch(remote_, request);
  if (!result.has_pack) {
    // NAK: `done` would now ask for all of history.
    if (!contains(result.common, known)) return std::nullopt;
    // The server has the commit, but the head does not come from it: what came since the fork.
    request.negotiation = git::Negotiation::decide;
    store_.fetch(remote_, request);
  }
  const auto chain = git::first_parents(store_, head_);
  news_length_ = static_cast<std::uint32_t>(chain.size());
  const bool descends = !chain.empty() && !chain.back().parents.empty() && chain.back().parents.front() == known;
  return News{examine(chain), descends};
}

bool BranchCheck::passes(const ObjectId& id) {
  if (!store_.has(id)) {
    git::FetchRequest request;
    request.wants = {id};
    // A path is changed in comparison with the parent.
    const std::uint32_t compared = source_.paths.everything() ? 0 : 1;
    if (remote_.can_deepen()) request.depth = 1 + compared;
    if (remote_.can_filter()) request.filter = "tree:0";
    try {
      store_.fetch(remote_, request);
    } catch (const base::Error& error) {
      // A server that gives only what its refs name: from the head, just deep enough.
      if (error.kind() != base::ErrorKind::not_found) throw;
      request.wants = {head_};
      if (request.depth) request.depth = news_length_ + 1 + compared;
      store_.fetch(remote_, request);
    }
  }
  const auto commit = store_.find_commit(id);
  return commit && !examine({*commit}).empty();
}

std::vector<ObjectId> BranchCheck::newest(std::size_t count) {
  auto depth = static_cast<std::uint32_t>(count);
  if (source_.paths.is_narrow()) depth = std::max(depth, first_look_for_paths);
  git::FetchRequest request;
  request.wants = {head_};
  // Trees, where the filter needs them, are fetched one by one: those of the first commit would be all there are.
  if (remote_.can_filter()) request.filter = "tree:0";
  while (true) {
    const bool all = !remote_.can_deepen() || depth == git::whole_history;
    // A commit's paths are compared with its parent's, which comes along.
    if (remote_.can_deepen()) request.depth = depth + (all || source_.paths.everything() ? 0 : 1);
    const auto result = store_.fetch(remote_, request);
    auto chain = git::first_parents(store_, head_);
    if (chain.empty()) {
      throw base::Error(base::ErrorKind::protocol,
                        {"read", remote_.shown(), "the server did not send commit " + head_.text(), ""});
    }
    const bool whole = all || is_whole(chain, result);
    if (!whole && chain.size() > depth) chain.erase(chain.begin() + depth, chain.end());
    auto found = examine(chain);
    if (found.size() >= count || whole) {
      if (found.size() > count) found.erase(found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
      return found;
    }
    // What is there is not sent again: the server is told of it, and where it ends.
    request.haves = {head_};
    request.shallow = boundary(std::move(request.shallow), result);
    depth = depth > git::whole_history / 2 ? git::whole_history : std::max(first_deepening, depth * 2);
  }
}

}  // namespace source
