#include "git/local_remote.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <optional>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/termination.hpp"
#include "git/commit.hpp"
#include "git/library.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

using PackBuilderHandle = Handle<git_packbuilder, git_packbuilder_free>;
using ReferenceHandle = Handle<git_reference, git_reference_free>;
using IteratorHandle = Handle<git_reference_iterator, git_reference_iterator_free>;

enum class Contents { commits, trees, all };  // what comes with a commit

Contents contents_of(const std::string& filter) {
  if (filter == "tree:0") return Contents::commits;
  return filter.empty() ? Contents::all : Contents::trees;
}

class Objects {
 public:
  explicit Objects(git_repository* repository) {
    require(made(odb_, [&](git_odb** out) { return git_repository_odb(out, repository); }), "read",
            git_repository_path(repository));
  }

  [[nodiscard]] git_object_t type_of(const ObjectId& id) const {
    const git_oid oid = to_oid(id);
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    const int code = git_odb_read_header(&size, &type, odb_.get(), &oid);
    if (code == GIT_ENOTFOUND) return GIT_OBJECT_INVALID;
    require(code, "read", "object " + id.text());
    return type;
  }
  [[nodiscard]] bool has(const ObjectId& id) const { return type_of(id) != GIT_OBJECT_INVALID; }
  // Nothing for what is not there, or not a commit.
  [[nodiscard]] std::optional<Commit> find_commit(const ObjectId& id) const {
    const auto object = type_of(id) == GIT_OBJECT_COMMIT ? read_object(odb_.get(), id) : std::nullopt;
    return object ? std::optional(parse_commit(id, object->content())) : std::nullopt;
  }
  [[nodiscard]] std::optional<Tag> find_tag(const ObjectId& id) const {
    const auto object = type_of(id) == GIT_OBJECT_TAG ? read_object(odb_.get(), id) : std::nullopt;
    return object ? parse_tag(object->content()) : std::nullopt;
  }

 private:
  OdbHandle odb_;
};

// The objects of one answer, gathered into a pack.
class Selection {
 public:
  Selection(git_repository* repository, const Objects& objects, const FetchRequest& request, FetchResult& result)
      : repository_(repository),
        objects_(objects),
        request_(request),
        result_(result),
        contents_(contents_of(request.filter)),
        shallow_(request.shallow.begin(), request.shallow.end()) {
    require(made(builder_, [&](git_packbuilder** out) { return git_packbuilder_new(out, repository); }), "make",
            "a pack");
    const std::string shallow =
        base::read_file_if_exists(git_repository_path(repository) + std::string("shallow")).value_or("");
    std::istringstream lines(shallow);
    for (std::string line; std::getline(lines, line);) cut_.insert(line);
  }

  void gather() {
    for (const auto& id : result_.common) hide(id);
    for (const auto& id : request_.wants) want(id);
    walk();
    if (request_.tags == FetchRequest::Tags::following) add_tags();
  }

  void send(PackSink& sink) {
    struct Payload {
      PackSink& sink;
      std::exception_ptr failure;
    } payload{sink, nullptr};
    const auto write = [](void* bytes, std::size_t size, void* pointer) {
      auto& receiver = *static_cast<Payload*>(pointer);
      try {
        base::throw_if_terminated();
        receiver.sink.write({static_cast<const char*>(bytes), size});
        return 0;
      } catch (...) {
        receiver.failure = std::current_exception();
        return static_cast<int>(GIT_EUSER);
      }
    };
    const int code = git_packbuilder_foreach(builder_.get(), write, &payload);
    if (payload.failure) std::rethrow_exception(payload.failure);
    require(code, "make", "a pack");
  }

 private:
  // What leads to a have is there already, and so are the files of the have itself.
  void hide(const ObjectId& id) {
    std::vector<ObjectId> open{id};
    while (!open.empty()) {
      const ObjectId next = std::move(open.back());
      open.pop_back();
      const auto commit = objects_.find_commit(next);
      if (!commit || !hidden_.insert(next).second || shallow_.contains(next)) continue;
      base::throw_if_terminated();
      if (next == id && contents_ != Contents::commits) known_tree(commit->tree);
      open.insert(open.end(), commit->parents.begin(), commit->parents.end());
    }
  }

  void known_tree(const ObjectId& id) {
    if (!done_.insert(id).second) return;
    for_entries(id, [&](const ObjectId& entry, git_object_t type) {
      if (type == GIT_OBJECT_TREE) known_tree(entry);
      if (type == GIT_OBJECT_BLOB) done_.insert(entry);
    });
  }

  template <class Function>
  void for_entries(const ObjectId& id, Function&& function) {
    const git_oid oid = to_oid(id);
    TreeHandle tree;
    require(made(tree, [&](git_tree** out) { return git_tree_lookup(out, repository_, &oid); }), "read",
            "tree " + id.text());
    for (std::size_t i = 0; i < git_tree_entrycount(tree.get()); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
      function(to_id(*git_tree_entry_id(entry)), git_tree_entry_type(entry));
    }
  }

  // Anything may be wanted by its name; a filter leaves it in and what is below it out.
  void want(const ObjectId& id) {
    switch (objects_.type_of(id)) {
      case GIT_OBJECT_COMMIT:
        open_.push_back({id, 1});
        return;
      case GIT_OBJECT_TAG: {
        insert(id);
        if (const auto tag = objects_.find_tag(id)) want(tag->target);
        return;
      }
      case GIT_OBJECT_TREE:
        return contents_ == Contents::commits ? insert(id) : add_tree(id);
      case GIT_OBJECT_INVALID:
        throw Error(ErrorKind::not_found,
                    {"fetch from", git_repository_path(repository_), "it has no object " + id.text(), ""});
      default:
        return insert(id);
    }
  }

  void walk() {
    while (!open_.empty()) {
      const auto [id, depth] = std::move(open_.front());
      open_.pop_front();
      const bool is_there = hidden_.contains(id);
      // Without a depth all that leads to it is there, too; with one, it may be where the history of before was cut.
      if ((is_there && !request_.depth) || !taken_.insert(id).second) continue;
      base::throw_if_terminated();
      const auto commit = objects_.find_commit(id);
      if (!commit) {
        throw Error(ErrorKind::protocol, {"read", "commit " + id.text(), "the repository does not have it", ""});
      }
      if (!is_there) insert(id);
      if (!is_there && contents_ != Contents::commits) add_tree(commit->tree);
      const bool was_cut = shallow_.contains(id);
      const bool is_last = request_.depth && depth >= *request_.depth;
      if (cut_.contains(id.text()) || (is_last && !commit->parents.empty())) {
        if (!was_cut) result_.shallow.push_back(id);
        continue;
      }
      if (was_cut) result_.unshallow.push_back(id);
      for (const auto& parent : commit->parents) open_.push_back({parent, depth + 1});
    }
  }

  void add_tree(const ObjectId& id) {
    if (done_.contains(id)) return;
    insert(id);
    for_entries(id, [&](const ObjectId& entry, git_object_t type) {
      if (type == GIT_OBJECT_TREE) add_tree(entry);
      if (type == GIT_OBJECT_BLOB && contents_ == Contents::all) insert(entry);
    });
  }

  void add_tags() {
    IteratorHandle iterator;
    require(made(iterator,
                 [&](git_reference_iterator** out) {
                   return git_reference_iterator_glob_new(out, repository_, "refs/tags/*");
                 }),
            "read", "the tags");
    git_reference* raw = nullptr;
    while (git_reference_next(&raw, iterator.get()) == 0) {
      const ReferenceHandle reference(raw);
      const git_oid* target = git_reference_target(raw);
      const auto tag = target == nullptr ? std::nullopt : objects_.find_tag(to_id(*target));
      if (tag && taken_.contains(tag->target)) insert(to_id(*target));
    }
  }

  void insert(const ObjectId& id) {
    if (!done_.insert(id).second) return;
    const git_oid oid = to_oid(id);
    require(git_packbuilder_insert(builder_.get(), &oid, nullptr), "make", "a pack");
  }

  struct Open {
    ObjectId id;
    std::uint32_t depth;
  };

  git_repository* repository_;
  const Objects& objects_;
  const FetchRequest& request_;
  FetchResult& result_;
  Contents contents_;
  std::set<ObjectId> shallow_;  // where the asker's history is cut
  PackBuilderHandle builder_;
  std::set<std::string> cut_;  // the repository's own shallow commits
  std::set<ObjectId> hidden_;  // commits that lead to a have
  std::set<ObjectId> taken_;   // commits of the answer
  std::set<ObjectId> done_;    // objects that are in the pack, or need not be
  std::deque<Open> open_;
};

class LocalRemote final : public Remote {
 public:
  LocalRemote(const std::filesystem::path& path, const FieldNames& fields) : path_(path.string()) {
    initialize_library();
    const int code = made(repository_, [&](git_repository** out) {
      return git_repository_open_ext(out, path_.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
    });
    if (code == GIT_ENOTFOUND) {
      throw Error(ErrorKind::not_found, {"read", path_, "it is not a git repository", "check " + fields.uri});
    }
    require(code, "read", path_);
    objects_.emplace(repository_.get());
  }

  [[nodiscard]] std::string shown() const override { return path_; }
  [[nodiscard]] bool can_filter() override { return true; }
  [[nodiscard]] bool can_deepen() override { return true; }
  [[nodiscard]] bool can_want_any() override { return true; }

  [[nodiscard]] RemoteRefs refs(const std::vector<std::string>& prefixes) override {
    RemoteRefs found;
    const auto consider = [&](git_reference* reference) {
      const std::string name = git_reference_name(reference);
      const bool wanted = std::any_of(prefixes.begin(), prefixes.end(),
                                      [&](const std::string& prefix) { return name.starts_with(prefix); });
      if (!wanted || !is_valid_ref_name(name)) return;
      if (auto ref = read(name, reference)) found.push_back(*std::move(ref));
    };
    ReferenceHandle head;
    if (made(head, [&](git_reference** out) { return git_reference_lookup(out, repository_.get(), "HEAD"); }) == 0) {
      consider(head.get());
    }
    IteratorHandle iterator;
    require(made(iterator,
                 [&](git_reference_iterator** out) { return git_reference_iterator_new(out, repository_.get()); }),
            "read the refs of", path_);
    git_reference* raw = nullptr;
    while (git_reference_next(&raw, iterator.get()) == 0) consider(ReferenceHandle(raw).get());
    std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return found;
  }

  FetchResult fetch(const FetchRequest& request, PackSink& sink) override {
    sink.restart();
    FetchResult result;
    for (const auto& id : request.haves) {
      if (objects_->has(id)) result.common.push_back(id);
    }
    if (request.negotiation == Negotiation::ask && !request.haves.empty() && !is_cut(request.wants, result.common)) {
      return result;
    }
    Selection selection(repository_.get(), *objects_, request, result);
    selection.gather();
    result.has_pack = true;
    selection.send(sink);
    return result;
  }

 private:
  std::optional<RemoteRef> read(const std::string& name, git_reference* reference) {
    ReferenceHandle direct;
    if (made(direct, [&](git_reference** out) { return git_reference_resolve(out, reference); }) < 0)
      return std::nullopt;
    RemoteRef ref{name, to_id(*git_reference_target(direct.get())), std::nullopt, std::nullopt};
    if (const char* target = git_reference_symbolic_target(reference)) ref.symbolic_target = target;
    if (!objects_->has(ref.id)) return std::nullopt;
    for (auto tag = objects_->find_tag(ref.id); tag; tag = objects_->find_tag(*ref.peeled)) ref.peeled = tag->target;
    return ref;
  }

  // Whether every want comes from something that is there already, as git's own server asks before it sends.
  bool is_cut(const std::vector<ObjectId>& wants, const std::vector<ObjectId>& common) {
    return !common.empty() &&
           std::all_of(wants.begin(), wants.end(), [&](const ObjectId& want) { return comes_from(want, common); });
  }

  bool comes_from(const ObjectId& want, const std::vector<ObjectId>& ancestors) {
    std::set<ObjectId> met;
    std::vector<ObjectId> open{want};
    while (!open.empty()) {
      const ObjectId next = std::move(open.back());
      open.pop_back();
      if (!met.insert(next).second) continue;
      if (std::find(ancestors.begin(), ancestors.end(), next) != ancestors.end()) return true;
      base::throw_if_terminated();
      if (const auto tag = objects_->find_tag(next)) open.push_back(tag->target);
      const auto commit = objects_->find_commit(next);
      if (commit) open.insert(open.end(), commit->parents.begin(), commit->parents.end());
    }
    return false;
  }

  std::string path_;
  RepositoryHandle repository_;
  std::optional<Objects> objects_;
};

}  // namespace

std::unique_ptr<Remote> make_local_remote(const std::filesystem::path& repository, const FieldNames& fields) {
  return std::make_unique<LocalRemote>(repository, fields);
}

}  // namespace git
