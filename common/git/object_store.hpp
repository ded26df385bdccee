// The objects that a step holds: a directory of packs, each indexed as it comes from the network, read by libgit2.
// A store need not be complete: what was filtered or cut off is simply not there, and asking for it says so.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "git/commit.hpp"
#include "git/library.hpp"
#include "git/object_id.hpp"
#include "git/remote.hpp"

namespace git {

struct TreeEntry {
  std::string name;
  ObjectId id;
  unsigned mode = 0;
  [[nodiscard]] bool is_tree() const { return mode == 040000; }
};

using Tree = std::vector<TreeEntry>;

// Bounds on what a server may send: a pack is refused as soon as it passes one.
struct PackLimits {
  std::uint64_t bytes = 64ULL << 30U;
  // libgit2 takes 12 bytes for each object that is announced, before the first one comes.
  std::uint32_t objects = 50'000'000;
  // What unpacking may take, the network's time left out: far more than the slowest worker needs, and an end to deltas
  // that were made to take for ever.
  std::chrono::milliseconds time = std::chrono::minutes(5);
  std::chrono::milliseconds time_per_mebibyte = std::chrono::seconds(10);
};

// How far a pack is: it is received, and then its deltas are resolved, which may take longer.
struct PackProgress {
  std::uint64_t received = 0;  // bytes
  std::uint32_t deltas = 0;    // known once all is received
  std::uint32_t resolved = 0;
};
using PackObserver = std::function<void(const PackProgress&)>;

class ObjectStore {
 public:
  // `objects` is a directory laid out as .git/objects; it is made when it does not exist.
  explicit ObjectStore(const std::filesystem::path& objects);

  [[nodiscard]] bool has(const ObjectId& id) const;
  // The object whose name begins so; nothing when there is none, Error{usage} when there are several.
  [[nodiscard]] std::optional<ObjectId> find_abbreviated(std::string_view beginning) const;
  // The beginning of the object's name that no other object shares: as long as git has it for a store of this size
  // (core.abbrev), or `digits` where that is not 0, and longer where it must be.
  [[nodiscard]] std::string abbreviated(const ObjectId& id, unsigned digits = 0) const;
  // Nothing when the object is not there; Error{protocol} when it is there but is not a commit, or is damaged.
  [[nodiscard]] std::optional<Commit> find_commit(const ObjectId& id) const;
  // As above, and nothing for an object that is not a commit.
  [[nodiscard]] std::optional<Commit> find_commit_if_one(const ObjectId& id) const;
  // Nothing for what is not there, or not a tag object.
  [[nodiscard]] std::optional<Tag> find_tag(const ObjectId& id) const;
  [[nodiscard]] std::optional<Tree> find_tree(const ObjectId& id) const;
  // The content of a blob of at most `limit` bytes.
  [[nodiscard]] std::optional<std::string> find_blob(const ObjectId& id, std::uint64_t limit) const;

  // Fetches into the store. The pack is indexed while it arrives, and becomes visible whole or not at all.
  FetchResult fetch(Remote& remote, const FetchRequest& request, const PackLimits& limits = {},
                    const PackObserver& observer = {});

  // Bytes of packs, and the objects in them, received so far.
  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint64_t received_objects() const { return received_objects_; }

 private:
  [[nodiscard]] git_object_t type_of(const ObjectId& id) const;
  [[nodiscard]] std::uint64_t packed_objects() const;

  std::filesystem::path pack_directory_;
  OdbHandle odb_;
  RepositoryHandle repository_;
  std::uint64_t received_ = 0;
  std::uint64_t received_objects_ = 0;
};

// The commits from `tip` on by first parents, newest first: up to `stop` (inclusive when it is met), to where a parent
// is not in the store, or to the root.
[[nodiscard]] std::vector<Commit> first_parents(const ObjectStore& store, const ObjectId& tip,
                                                const std::optional<ObjectId>& stop = std::nullopt);

}  // namespace git
