#include "source/branch_check.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "source/examination.hpp"

namespace source {
namespace {

using git::Commit;
using git::ObjectId;

// A commit that changes certain paths is seldom the first one.
constexpr std::uint32_t first_look_for_paths = 16;
// Where a look did not find enough, the next ones are larger: a round trip costs more than a few commits, and what
// changes seldom may have done so thousands of commits ago.
constexpr std::uint32_t second_look = 32;
constexpr std::uint32_t growth = 4;
constexpr std::uint32_t growth_with_sides = 2;
// A depth counts along all parents: where every commit is a merge, twice the depth is many times the commits. A look
// that brought more commits than this for each one on the line is repeated as it was, so often.
constexpr std::uint64_t most_for_one = 8;
constexpr int most_repetitions = 8;
constexpr std::uint64_t most_with_sides = 2;

bool contains(const std::vector<ObjectId>& ids, const ObjectId& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// Where the history ends that was received so far.
std::vector<ObjectId> boundary(std::vector<ObjectId> before, const git::FetchResult& result) {
  std::erase_if(before, [&](const ObjectId& id) { return contains(result.unshallow, id); });
  for (const auto& id : result.shallow) {
    if (!contains(before, id)) before.push_back(id);
  }
  return before;
}

// The first parents of a head, fetched look by look. Each look begins where the last one ended, so that
// what lies beside the line is met as seldom as can be; servers that give only what their refs name, or all of each
// commit, are asked from the head on, and told of what is there.
class Descent {
 public:
  enum class Trees { none, roots };
  Descent(git::Remote& remote, git::ObjectStore& store, const ObjectId& head, std::uint32_t step, Trees trees)
      : remote_(remote), store_(store), head_(head), step_(step), trees_(trees) {}

  // Newest first, as far as was looked.
  [[nodiscard]] const std::vector<Commit>& chain() const { return chain_; }
  // Whether it ends where the history does.
  [[nodiscard]] bool has_ended() const { return ended_; }

  // `beyond` more commits than the step's come along.
  void look(std::uint32_t beyond) {
    const std::size_t before = chain_.size();
    const auto objects = store_.received_objects();
    fetch(beyond);
    chain_ = git::first_parents(store_, head_);
    if (chain_.empty() || (onward_ && chain_.size() == before)) {
      const auto& missing = chain_.empty() ? head_ : chain_.back().parents.front();
      throw base::Error(base::ErrorKind::protocol,
                        {"read", remote_.shown(), "the server did not send commit " + missing.text(), ""});
    }
    // A repository that is itself shallow ends where another look brings nothing more.
    ended_ = step_ == git::whole_history || chain_.size() == before || chain_.back().parents.empty();
    const std::uint64_t line = (chain_.size() - before) * (trees_ == Trees::roots ? 2 : 1);
    const std::uint64_t received = store_.received_objects() - objects;
    const bool bushy = received > line * most_for_one;
    // Nobody looks at the trees of what lies beside the line.
    const bool has_sides = received > line * most_with_sides;
    if (has_sides) trees_ = Trees::none;
    if ((onward_ || before == 0) && bushy && ++repetitions_ < most_repetitions) return;
    repetitions_ = 0;
    const std::uint32_t larger = step_ * (has_sides ? growth_with_sides : growth);
    step_ = step_ > git::whole_history / growth ? git::whole_history : std::max(second_look, larger);
  }

 private:
  void fetch(std::uint32_t beyond) {
    if (!remote_.can_deepen()) step_ = git::whole_history;
    onward_ = !chain_.empty() && !refused_ && step_ != git::whole_history && remote_.can_want_any() &&
              remote_.can_filter() && !remote_.refused_filters().contains(without_trees);
    if (onward_) {
      try {
        store_.fetch(remote_, request({chain_.back().parents.front()}, step_ + beyond));
        return;
      } catch (const base::Error& error) {
        if (error.kind() != base::ErrorKind::not_found) throw;
        refused_ = true;
        onward_ = false;
      }
    }
    const bool whole = step_ == git::whole_history;
    auto asked = request({head_}, whole ? step_ : static_cast<std::uint32_t>(chain_.size()) + step_ + beyond);
    // What is there is not sent again: the server is told of it, and where it ends.
    if (!chain_.empty()) asked.haves = {head_};
    asked.shallow = shallow_;
    shallow_ = boundary(std::move(shallow_), store_.fetch(remote_, asked));
  }

  git::FetchRequest request(std::vector<ObjectId> wants, std::uint32_t depth) {
    git::FetchRequest result;
    result.wants = std::move(wants);
    // Of trees only the roots come along, which tell most commits apart; what lies below is fetched one by one where it
    // is needed, for of the first commit all there are would come.
    if (remote_.can_filter()) {
      result.filter = trees_ == Trees::roots ? "tree:1" : without_trees;
      result.otherwise = without_trees;
    }
    if (remote_.can_deepen()) result.depth = depth;
    return result;
  }

  static constexpr auto without_trees = "tree:0";

  git::Remote& remote_;
  git::ObjectStore& store_;
  const ObjectId& head_;
  std::uint32_t step_;
  Trees trees_;
  std::vector<Commit> chain_;
  std::vector<ObjectId> shallow_;  // where the history ends for a server that is told that we have the head
  int repetitions_ = 0;
  bool onward_ = false;   // the last look began where the chain ended
  bool refused_ = false;  // the server gives only what its refs name
  bool ended_ = false;
};

}  // namespace

BranchCheck::BranchCheck(const Source& source, git::Remote& remote, ObjectId head,
                         const std::filesystem::path& temporary)
    : source_(source),
      remote_(remote),
      head_(std::move(head)),
      directory_("check", temporary),
      store_(directory_.path() / "objects") {}

std::vector<Commit> BranchCheck::examine(const std::vector<Commit>& chain) {
  return passing(chain, Arrangement::chain, source_, store_, remote_);
}

// A head that is the known commit: the only question is whether it passes.
BranchCheck::News BranchCheck::head_alone() {
  fetch_known(head_, true, 0, history_filter(source_, remote_));
  const auto commit = store_.find_commit(head_);
  if (!commit) {
    throw base::Error(base::ErrorKind::protocol,
                      {"read", remote_.shown(), "the server did not send commit " + head_.text(), ""});
  }
  return {examine({*commit}), Course::onward};
}

std::optional<BranchCheck::News> BranchCheck::since(const ObjectId& known, Known treatment) {
  if (known == head_) return treatment == Known::examined ? head_alone() : News{};
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
  auto chain = git::first_parents(store_, head_);
  const bool descends = !chain.empty() && !chain.back().parents.empty() && chain.back().parents.front() == known;
  const Course course = descends ? Course::onward : chain.empty() ? Course::behind : Course::apart;
  const bool known_counts = descends && treatment == Known::examined;
  const bool is_compared =
      !source_.paths.everything() && std::any_of(chain.begin(), chain.end(), [this](const Commit& commit) {
        return source_.messages.accepts(commit.message);
      });
  if (descends && (known_counts || is_compared)) fetch_known(known, known_counts, chain.size(), request.filter);
  if (known_counts) {
    if (auto commit = store_.find_commit(known)) chain.push_back(*std::move(commit));
  }
  return News{examine(chain), course};
}

// The known commit, and its parent where it is compared with that itself. The root trees come along where the server
// is seen to filter by depth: they are what is looked at first.
void BranchCheck::fetch_known(const ObjectId& known, bool with_parent, std::size_t news, const std::string& filter) {
  if (store_.has(known)) return;
  const std::uint32_t parents = with_parent && !source_.paths.everything() ? 1 : 0;
  git::FetchRequest request;
  request.wants = {known};
  if (remote_.can_deepen()) request.depth = 1 + parents;
  if (remote_.can_filter()) {
    const bool by_depth = filter != "tree:0" && filter != "blob:none" && !remote_.refused_filters().contains(filter);
    request.filter = by_depth ? "tree:1" : "tree:0";
    request.otherwise = "tree:0";
  }
  try {
    store_.fetch(remote_, request);
  } catch (const base::Error& error) {
    // A server that gives only what its refs name: from the head, just deep enough.
    if (error.kind() != base::ErrorKind::not_found) throw;
    request.wants = {head_};
    if (request.depth) request.depth = static_cast<std::uint32_t>(news) + 1 + parents;
    if (!request.filter.empty()) request.filter = "tree:0";
    store_.fetch(remote_, request);
  }
}

std::vector<Commit> BranchCheck::newest(std::size_t count) {
  auto step = static_cast<std::uint32_t>(count);
  if (source_.paths.is_narrow()) step = std::max(step, first_look_for_paths);
  // A commit's paths are compared with its parent's, which comes along.
  const std::uint32_t compared = source_.paths.everything() ? 0 : 1;
  Descent descent(remote_, store_, head_, step,
                  source_.paths.everything() ? Descent::Trees::none : Descent::Trees::roots);
  while (true) {
    descent.look(compared);
    auto chain = descent.chain();
    if (!descent.has_ended() && chain.size() > compared) chain.erase(chain.end() - compared, chain.end());
    auto found = examine(chain);
    if (found.size() >= count || descent.has_ended()) {
      if (found.size() > count) found.erase(found.begin() + static_cast<std::ptrdiff_t>(count), found.end());
      return found;
    }
  }
}

}  // namespace source
