// libgit2 as this program uses it: started once, without any configuration of the machine or of a user, its handles
// owned, its failures turned into Error. libgit2's own transports are never used.
#pragma once

#include <git2.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "git/object_id.hpp"

namespace git {

// Starts libgit2 with its safe settings; cheap after the first call.
void initialize_library();

// Error with libgit2's own words for a negative code: {internal}, and {protocol} for damaged or hostile data.
void require(int code, std::string action, std::string object);

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* pointer) const noexcept {
    Free(pointer);
  }
};

template <class T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

using RepositoryHandle = Handle<git_repository, git_repository_free>;
using OdbHandle = Handle<git_odb, git_odb_free>;
using CommitHandle = Handle<git_commit, git_commit_free>;
using TreeHandle = Handle<git_tree, git_tree_free>;
using IndexHandle = Handle<git_index, git_index_free>;
using IndexerHandle = Handle<git_indexer, git_indexer_free>;
using ObjectHandle = Handle<git_object, git_object_free>;

// For out-parameters: made(handle, [](git_tree** out) { return git_tree_lookup(out, ...); }, ...).
template <class H, class Function>
int made(H& handle, Function&& function) {
  typename H::pointer raw = nullptr;
  const int code = function(&raw);
  handle.reset(raw);
  return code;
}

// An object as it is stored: libgit2 has parsed none of it, for it refuses objects that git reads.
class RawObject {
 public:
  using ObjectHandle = Handle<git_odb_object, git_odb_object_free>;
  explicit RawObject(ObjectHandle object) : object_(std::move(object)) {}
  [[nodiscard]] git_object_t type() const { return git_odb_object_type(object_.get()); }
  [[nodiscard]] std::string_view content() const {
    return {static_cast<const char*>(git_odb_object_data(object_.get())), git_odb_object_size(object_.get())};
  }

 private:
  ObjectHandle object_;
};
// Nothing for an object that is not there. Packs are known to a store, so a miss does not look for new ones on the
// disk.
[[nodiscard]] std::optional<RawObject> read_object(git_odb* odb, const ObjectId& id);

[[nodiscard]] git_oid to_oid(const ObjectId& id);
[[nodiscard]] ObjectId to_id(const git_oid& oid);

}  // namespace git
