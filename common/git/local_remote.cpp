#include "git/local_remote.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <set>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/termination.hpp"
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

ObjectHandle look_up(git_repository* repository, const ObjectId& id) {
  const git_oid oid = to_oid(id);
  ObjectHandle object;
  const int code =
      made(object, [&](git_object** out) { return git_object_lookup(out, repository, &oid, GIT_OBJECT_ANY); });
  if (code == GIT_ENOTFOUND) return nullptr;
  require(code, "read", "object " + id.text());
  return object;
}

// The objects of one answer, gathered into a pack.
class Selection {
 public:
  Selection(git_repository* repository, const FetchRequest& request, FetchResult& result)
      : repository_(repository),
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
      const auto object = look_up(repository_, next);
      if (object == nullptr || git_object_type(object.get()) != GIT_OBJECT_COMMIT) continue;
      if (!hidden_.insert(next).second || shallow_.contains(next)) continue;
      base::throw_if_terminated();
      const auto* commit =
          reinterpret_cast<const git_commit*>(object.get());  // NOLINT: libgit2's types are one hierarchy
      if (next == id && contents_ != Contents::commits) known_tree(to_id(*git_commit_tree_id(commit)));
      for (unsigned i = 0; i < git_commit_parentcount(commit); ++i)
        open.push_back(to_id(*git_commit_parent_id(commit, i)));
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
    const auto object = look_up(repository_, id);
    if (object == nullptr) {
      throw Error(ErrorKind::not_found,
                  {"fetch from", git_repository_path(repository_), "it has no object " + id.text(), ""});
    }
    switch (git_object_type(object.get())) {
      case GIT_OBJECT_COMMIT:
        open_.push_back({id, 1});
        return;
      case GIT_OBJECT_TAG: {
        insert(id);
        const auto* tag = reinterpret_cast<const git_tag*>(object.get());  // NOLINT: as above
        return want(to_id(*git_tag_target_id(tag)));
      }
      case GIT_OBJECT_TREE:
        return contents_ == Contents::commits ? insert(id) : add_tree(id);
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
      const git_oid oid = to_oid(id);
      CommitHandle commit;
      require(made(commit, [&](git_commit** out) { return git_commit_lookup(out, repository_, &oid); }), "read",
              "commit " + id.text());
      if (!is_there) insert(id);
      if (!is_there && contents_ != Contents::commits) add_tree(to_id(*git_commit_tree_id(commit.get())));
      const bool was_cut = shallow_.contains(id);
      const bool is_last = request_.depth && depth >= *request_.depth;
      const unsigned parents = git_commit_parentcount(commit.get());
      if (cut_.contains(id.text()) || (is_last && parents > 0)) {
        if (!was_cut) result_.shallow.push_back(id);
        continue;
      }
      if (was_cut) result_.unshallow.push_back(id);
      for (unsigned i = 0; i < parents; ++i)
        open_.push_back({to_id(*git_commit_parent_id(commit.get(), i)), depth + 1});
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
      const auto object = target == nullptr ? nullptr : look_up(repository_, to_id(*target));
      if (object == nullptr || git_object_type(object.get()) != GIT_OBJECT_TAG) continue;
      const auto* tag = reinterpret_cast<const git_tag*>(object.get());  // NOLINT: as above
      if (taken_.contains(to_id(*git_tag_target_id(tag)))) insert(to_id(*target));
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
  explicit LocalRemote(const std::filesystem::path& path) : path_(path.string()) {
    initialize_library();
    const int code = made(repository_, [&](git_repository** out) {
      return git_repository_open_ext(out, path_.c_str(), GIT_REPOSITORY_OPEN_NO_SEARCH, nullptr);
    });
    if (code == GIT_ENOTFOUND) {
      throw Error(ErrorKind::not_found, {"read", path_, "it is no git repository", "check source.uri"});
    }
    require(code, "read", path_);
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
      if (look_up(repository_.get(), id) != nullptr) result.common.push_back(id);
    }
    if (request.negotiation == Negotiation::ask && !request.haves.empty() && !is_cut(request.wants, result.common)) {
      return result;
    }
    Selection selection(repository_.get(), request, result);
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
    const auto object = look_up(repository_.get(), ref.id);
    if (object == nullptr) return std::nullopt;
    if (git_object_type(object.get()) == GIT_OBJECT_TAG) {
      ObjectHandle peeled;
      if (made(peeled, [&](git_object** out) { return git_object_peel(out, object.get(), GIT_OBJECT_ANY); }) == 0) {
        ref.peeled = to_id(*git_object_id(peeled.get()));
      }
    }
    return ref;
  }

  // Whether every want comes from something that is there already, as git's own server asks before it sends.
  bool is_cut(const std::vector<ObjectId>& wants, const std::vector<ObjectId>& common) {
    return !common.empty() && std::all_of(wants.begin(), wants.end(), [&](const ObjectId& want) {
      const git_oid descendant = to_oid(want);
      return std::any_of(common.begin(), common.end(), [&](const ObjectId& have) {
        const git_oid ancestor = to_oid(have);
        return want == have || git_graph_descendant_of(repository_.get(), &descendant, &ancestor) == 1;
      });
    });
  }

  std::string path_;
  RepositoryHandle repository_;
};

}  // namespace

std::unique_ptr<Remote> make_local_remote(const std::filesystem::path& repository) {
  return std::make_unique<LocalRemote>(repository);
}

}  // namespace git
