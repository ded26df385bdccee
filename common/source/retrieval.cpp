#include "source/retrieval.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <utility>

#include "base/error.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;
using git::ObjectId;

constexpr std::string_view everything = "refs/";
constexpr std::string_view heads = "refs/heads/";
constexpr std::string_view tags = "refs/tags/";
constexpr std::string_view notes = "refs/notes/";

enum class TagFetch { none, following, all };

TagFetch tag_fetch(const Source& source, const InParams& params) {
  const auto wanted = params.fetch_tags ? params.fetch_tags : source.fields.fetch_tags;
  if (wanted) return *wanted ? TagFetch::all : TagFetch::none;
  return source.has_tag_filter() ? TagFetch::all : TagFetch::following;
}

class Retrieval {
 public:
  Retrieval(const concourse::Version& version, const Source& source, const InParams& params, git::Remote& remote,
            git::ObjectStore& store, base::Log& log)
      : version_(version),
        source_(source),
        params_(params),
        remote_(remote),
        store_(store),
        log_(log),
        tag_fetch_(tag_fetch(source, params)) {}

  Retrieved run() {
    list();
    auto found = target();
    if (found) {
      found = fetch(*found);
    } else {
      fetch_by_branch(fetch_request(), [this] { return store_.find_abbreviated(ref()).has_value(); });
      found = store_.find_abbreviated(ref());
    }
    if (!found || !store_.find_commit_if_one(*found)) gone();
    const ObjectId& commit = *found;
    Retrieved result{commit, head_ ? head_->branch : std::nullopt, {}, {}, shallow_};
    choose_refs(result);
    return result;
  }

 private:
  void list() {
    refs_ = remote_.refs(prefixes());
    head_ = find_head(source_, refs_, remote_);
  }

  // A ref may have moved or gone between the list and the fetch. False when all are as they were.
  bool list_again() {
    const auto before = refs_;
    remote_.forget_refs();
    list();
    return refs_ != before;
  }

  [[nodiscard]] std::vector<std::string> prefixes() const {
    auto result = head_prefixes(source_);
    if (params_.all_branches) result.emplace_back(heads);
    for (const auto& branch : params_.fetch) result.push_back(std::string(heads) + branch);
    // A version may name a tag, whatever tags are fetched.
    if (tag_fetch_ != TagFetch::none) {
      result.emplace_back(tags);
    } else if (!ObjectId::parse(ref())) {
      result.push_back(std::string(tags) + ref());
    }
    if (!ObjectId::parse(ref())) result.push_back(std::string(heads) + ref());
    result.emplace_back(notes);
    return result;
  }

  [[nodiscard]] const std::string& ref() const { return version_.at("ref"); }

  // The commit of a {ref, commit} version counts, not where the tag points now: a version is what was detected. Nothing
  // where the version is the beginning of a commit's name, which only the history can tell.
  [[nodiscard]] std::optional<ObjectId> target() const {
    const auto commit = version_.find("commit");
    if (commit != version_.end()) {
      if (const auto id = ObjectId::parse(commit->second)) return *id;
      throw Error(ErrorKind::usage, {"read", "version.commit", "it is not a commit", ""});
    }
    if (const auto id = ObjectId::parse(ref())) return *id;
    if (ref() == "HEAD" && head_) return head_->commit;
    for (const auto prefix : {tags, heads}) {
      if (const auto* found = git::find_ref(refs_, std::string(prefix) + ref())) return found->commit();
    }
    if (source_.fields.search_remote_refs) {
      if (const auto found = search()) return *found;
    }
    if (is_abbreviated()) return std::nullopt;
    throw Error(ErrorKind::not_found, {"find", fmt::format("version {} in {}", ref(), remote_.shown()),
                                       "it is neither a commit nor a tag or branch there",
                                       "give the whole name of a commit, or let check report the versions anew"});
  }

  // The beginning of a commit's name, as git abbreviates it.
  [[nodiscard]] bool is_abbreviated() const {
    constexpr std::size_t shortest = 7;
    return ref().size() >= shortest && ref().find_first_not_of("0123456789abcdef") == std::string::npos;
  }

  // What the server keeps beside branches and tags (changes, pull requests): a ref by its name, with or without
  // "refs/", or by the beginning of its commit.
  [[nodiscard]] std::optional<ObjectId> search() const {
    std::optional<ObjectId> result;
    for (const auto& found : remote_.refs({std::string(everything)})) {
      if (found.name == ref() || found.name == std::string(everything) + ref()) return found.commit();
      if (!is_abbreviated() || !found.commit().text().starts_with(ref())) continue;
      if (result && *result != found.commit()) {
        throw Error(ErrorKind::not_found, {"find", fmt::format("version {} in {}", ref(), remote_.shown()),
                                           "it may be one of several commits", "give the whole name of the commit"});
      }
      result = found.commit();
    }
    return result;
  }

  // Everything that is wanted in one exchange: the server sends what the wants share once. The commit that came: HEAD
  // may have moved meanwhile.
  ObjectId fetch(ObjectId commit) {
    const auto asked = [&] {
      git::FetchRequest request = fetch_request();
      request.wants.push_back(commit);
      if (params_.depth == 0 && head_) request.wants.push_back(head_->commit);
      remove_duplicates(request.wants);
      return request;
    };
    auto request = asked();
    try {
      receive(request);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      if (list_again()) {
        if (ref() == "HEAD" && head_) commit = head_->commit;
        request = asked();
        if (try_to_receive(request)) return commit;
      }
      log_.debug(fmt::format("{}; asking for the branch instead", error.what()));
      std::erase(request.wants, commit);
      fetch_by_branch(std::move(request), [&] { return store_.has(commit); });
    }
    return commit;
  }

  // Without what the version names.
  [[nodiscard]] git::FetchRequest fetch_request() const {
    git::FetchRequest request;
    request.progress = git::FetchRequest::Progress::told;
    for (const auto& found : refs_) {
      if (is_wanted(found.name)) request.wants.push_back(found.id);
    }
    if (tag_fetch_ == TagFetch::following) request.tags = git::FetchRequest::Tags::following;
    if (params_.depth != 0 && remote_.can_deepen()) request.depth = params_.depth;
    return request;
  }

  // A server that gives only what its refs name (JGit's default): deepen until the commit is there. It may lie behind
  // another ref than the branch's.
  void fetch_by_branch(git::FetchRequest request, const std::function<bool()>& is_there) {
    if (head_) request.wants.push_back(head_->commit);
    if (source_.fields.search_remote_refs) {
      for (const auto& found : remote_.refs({std::string(everything)})) request.wants.push_back(found.id);
    }
    remove_duplicates(request.wants);
    if (request.wants.empty()) gone();
    while (true) {
      if (!try_to_receive(request)) gone();
      if (is_there() || !request.depth) return;
      constexpr std::uint32_t deep_enough = 4096;
      request.depth = *request.depth >= deep_enough ? std::nullopt : std::optional(*request.depth * 4);
    }
  }

  // False when the server does not have something of it.
  bool try_to_receive(const git::FetchRequest& request) {
    try {
      receive(request);
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::not_found) throw;
      return false;
    }
  }

  void receive(const git::FetchRequest& request) {
    base::Progress receiving(log_, "received", 0);
    std::optional<base::Progress> resolving;
    git::PackProgress before;
    const auto tell = [&](const git::PackProgress& now) {
      if (now.deltas == 0) return receiving.advance(now.received - std::exchange(before.received, now.received));
      if (!resolving) resolving.emplace(log_, "resolving deltas", now.deltas, base::Progress::Unit::pieces);
      resolving->advance(now.resolved - std::exchange(before.resolved, now.resolved));
    };
    shallow_ = store_.fetch(remote_, request, {}, tell).shallow;
  }

  [[nodiscard]] bool is_wanted(std::string_view name) const {
    if (name.starts_with(notes)) return true;
    if (name.starts_with(tags)) return tag_fetch_ == TagFetch::all;
    if (!name.starts_with(heads)) return false;
    if (params_.all_branches) return true;
    const auto branch = name.substr(heads.size());
    return std::find(params_.fetch.begin(), params_.fetch.end(), branch) != params_.fetch.end();
  }

  static void remove_duplicates(std::vector<ObjectId>& ids) {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  }

  void choose_refs(Retrieved& result) {
    for (const auto& branch : params_.fetch) {
      const auto* found = git::find_ref(refs_, std::string(heads) + branch);
      if (found == nullptr) {
        throw Error(ErrorKind::not_found, {"find", fmt::format("branch {} in {}", branch, remote_.shown()),
                                           "there is no such branch", "check params.fetch"});
      }
      result.refs.emplace(found->name, found->id);
    }
    for (const auto& found : refs_) {
      if (!store_.has(found.id)) continue;
      if (found.name.starts_with(notes)) {
        result.refs.emplace(found.name, found.id);
      } else if (found.name.starts_with(tags) && tag_fetch_ != TagFetch::none) {
        result.refs.emplace(found.name, found.id);
        result.tags.emplace(found.name.substr(tags.size()), found.commit());
      } else if (found.name.starts_with(heads) && is_wanted(found.name)) {
        result.refs.emplace("refs/remotes/origin/" + found.name.substr(heads.size()), found.id);
      }
    }
    if (head_ && head_->branch && store_.has(head_->commit)) {
      result.refs.insert_or_assign(std::string(heads) + *head_->branch, head_->commit);
      result.refs.insert_or_assign("refs/remotes/origin/" + *head_->branch, head_->commit);
    }
  }

  [[noreturn]] void gone() const {
    const auto commit = version_.find("commit");
    throw Error(
        ErrorKind::not_found,
        {"find", fmt::format("commit {} in {}", commit == version_.end() ? ref() : commit->second, remote_.shown()),
         "the repository does not have it (any more)", "let check report the versions anew (fly check-resource)"});
  }

  const concourse::Version& version_;
  const Source& source_;
  const InParams& params_;
  git::Remote& remote_;
  git::ObjectStore& store_;
  base::Log& log_;
  TagFetch tag_fetch_;
  git::RemoteRefs refs_;
  std::optional<Head> head_;
  std::vector<ObjectId> shallow_;
};

}  // namespace

Retrieved retrieve(const concourse::Version& version, const Source& source, const InParams& params, git::Remote& remote,
                   git::ObjectStore& store, base::Log& log) {
  return Retrieval(version, source, params, remote, store, log).run();
}

}  // namespace source
