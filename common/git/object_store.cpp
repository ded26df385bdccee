#include "git/object_store.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/termination.hpp"
#include "git/bounds.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t pack_header_size = 12;
constexpr unsigned pack_mode = 0444;
// To unpack an object takes libgit2 a few allocations for each delta that leads to it. It can also go round in circles:
// a delta by name whose result is there already is tried for ever.
constexpr std::uint64_t allocations_in_vain = 100'000;
constexpr std::uint64_t allocations_for_each_object = 32;

// The bytes of one pack on their way into libgit2's indexer.
class PackWriter final : public PackSink {
 public:
  PackWriter(const std::filesystem::path& directory, git_odb* odb, std::string sender, const PackLimits& limits,
             const PackObserver& observer)
      : directory_(directory),
        odb_(odb),
        shown_(fmt::format("the pack that {} sent", sender)),
        limits_(limits),
        observer_(observer) {}

  void restart() override {
    indexer_.reset();
    progress_ = {};
    header_.clear();
    objects_ = 0;
    received_ = 0;
    spent_ = {};
  }

  void write(std::string_view bytes) override {
    received_ += bytes.size();
    if (received_ > limits_.bytes) fail(fmt::format("it is larger than {}", base::human_bytes(limits_.bytes)));
    if (observer_) observer_({received_, 0, 0});
    if (header_.size() < pack_header_size) {
      const auto missing = std::min(pack_header_size - header_.size(), bytes.size());
      header_ += bytes.substr(0, missing);
      bytes.remove_prefix(missing);
      if (header_.size() < pack_header_size) return;
      begin();
      append(header_);
    }
    if (!bytes.empty()) append(bytes);
  }

  // True when the pack held objects.
  bool finish() {
    if (header_.size() < pack_header_size) fail("it ended within its header");
    if (objects_ == 0) return false;
    bounded([&] { return git_indexer_commit(indexer_.get(), &progress_); });
    return true;
  }

  [[nodiscard]] std::uint64_t received() const { return received_; }
  [[nodiscard]] std::uint32_t objects() const { return objects_; }

 private:
  // gitformat-pack: "PACK", the version, the number of objects, in network byte order.
  void begin() {
    if (!header_.starts_with("PACK")) fail("it does not begin as one");
    for (std::size_t i = 8; i < pack_header_size; ++i) {
      objects_ = objects_ << 8U | static_cast<unsigned char>(header_[i]);
    }
    if (objects_ > limits_.objects) fail(fmt::format("it has {} objects", objects_));
    git_indexer_options options = GIT_INDEXER_OPTIONS_INIT;
    options.progress_cb = [](const git_indexer_progress* progress, void* writer) {
      WorkBound::progressed();
      static_cast<const PackWriter*>(writer)->tell_deltas(*progress);
      return 0;
    };
    options.progress_cb_payload = this;
    require(
        made(indexer_,
             [&](git_indexer** out) { return git_indexer_new(out, directory_.c_str(), pack_mode, odb_, &options); }),
        "write", directory_.string());
  }

  void tell_deltas(const git_indexer_progress& progress) const {
    if (observer_ && progress.indexed_deltas > 0) {
      observer_({received_, progress.total_deltas, progress.indexed_deltas});
    }
  }

  void append(std::string_view bytes) {
    // An empty pack is a header and its checksum, and libgit2 has nothing to index.
    if (objects_ == 0) return;
    bounded([&] { return git_indexer_append(indexer_.get(), bytes.data(), bytes.size(), &progress_); });
  }

  template <class Function>
  void bounded(Function&& work) {
    const auto start = std::chrono::steady_clock::now();
    const auto limit = limits_.time + limits_.time_per_mebibyte * static_cast<std::int64_t>(received_ >> 20U);
    const int code = [&] {
      const WorkBound bound(limit - std::chrono::duration_cast<std::chrono::milliseconds>(spent_),
                            allocations_in_vain + allocations_for_each_object * objects_);
      return work();
    }();
    spent_ += std::chrono::steady_clock::now() - start;
    require(code, "read", shown_);
  }

  [[noreturn]] void fail(std::string cause) const {
    throw Error(ErrorKind::protocol, {"read", shown_, std::move(cause), ""});
  }

  const std::filesystem::path& directory_;
  git_odb* odb_;
  std::string shown_;
  const PackLimits& limits_;
  const PackObserver& observer_;
  IndexerHandle indexer_;
  git_indexer_progress progress_{};  // libgit2 counts in it from the first append to the commit
  std::string header_;
  std::uint32_t objects_ = 0;
  std::uint64_t received_ = 0;
  std::chrono::steady_clock::duration spent_{};
};

}  // namespace

ObjectStore::ObjectStore(const std::filesystem::path& objects) : pack_directory_(objects / "pack") {
  initialize_library();
  std::error_code error;
  std::filesystem::create_directories(pack_directory_, error);
  if (error) throw base::system_error("create", pack_directory_.string(), error.value());
  require(made(odb_, [&](git_odb** out) { return git_odb_open(out, objects.c_str()); }), "open", objects.string());
  require(made(repository_, [&](git_repository** out) { return git_repository_wrap_odb(out, odb_.get()); }), "open",
          objects.string());
}

bool ObjectStore::has(const ObjectId& id) const {
  const git_oid oid = to_oid(id);
  // Packs are known to the store, so a miss need not look for new ones on the disk.
  return git_odb_exists_ext(odb_.get(), &oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

std::optional<ObjectId> ObjectStore::find_abbreviated(std::string_view beginning) const {
  git_oid shortened;
  if (git_oid_fromstrn(&shortened, beginning.data(), beginning.size()) < 0) return std::nullopt;
  git_oid found;
  const int code = git_odb_exists_prefix(&found, odb_.get(), &shortened, beginning.size());
  if (code == GIT_ENOTFOUND) return std::nullopt;
  if (code == GIT_EAMBIGUOUS) {
    throw Error(ErrorKind::usage, {"find", std::string(beginning), "it may be one of several objects",
                                   "give the whole name of the commit"});
  }
  require(code, "find", std::string(beginning));
  return to_id(found);
}

std::string ObjectStore::abbreviated(const ObjectId& id, unsigned digits) const {
  constexpr unsigned fewest = 4;  // git's MINIMUM_ABBREV
  constexpr unsigned usual = 7;
  // Half of the bits that the number of objects has, in digits of four bits (repo_find_unique_abbrev_r).
  const auto bits = static_cast<unsigned>(std::bit_width(packed_objects()));
  unsigned length = digits != 0 ? std::max(fewest, digits) : std::max(usual, (bits + 1) / 2);
  git_oid found;
  const git_oid oid = to_oid(id);
  while (length < id.text().size() && git_odb_exists_prefix(&found, odb_.get(), &oid, length) == GIT_EAMBIGUOUS)
    ++length;
  return id.text().substr(0, length);
}

// gitformat-pack, "pack-*.idx": the last of the 256 counts at the beginning is of all objects.
std::uint64_t ObjectStore::packed_objects() const {
  constexpr std::streamoff last_count = 8 + 255L * 4;
  std::uint64_t objects = 0;
  for (const auto& entry : std::filesystem::directory_iterator(pack_directory_)) {
    if (entry.path().extension() != ".idx") continue;
    std::ifstream index(entry.path(), std::ios::binary);
    std::array<unsigned char, 4> count{};
    index.seekg(last_count);
    if (!index.read(reinterpret_cast<char*>(count.data()), count.size())) continue;  // NOLINT: bytes of a file
    objects +=
        std::uint64_t{count[0]} << 24U | std::uint64_t{count[1]} << 16U | std::uint64_t{count[2]} << 8U | count[3];
  }
  return objects;
}

std::optional<Commit> ObjectStore::find_commit(const ObjectId& id) const {
  const auto object = read_object(odb_.get(), id);
  if (!object) return std::nullopt;
  if (object->type() != GIT_OBJECT_COMMIT) {
    throw Error(ErrorKind::protocol, {"read", "commit " + id.text(), "the object of that name is not a commit", ""});
  }
  return parse_commit(id, object->content());
}

git_object_t ObjectStore::type_of(const ObjectId& id) const {
  const git_oid oid = to_oid(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  require(git_odb_read_header(&size, &type, odb_.get(), &oid), "read", "object " + id.text());
  return type;
}

std::optional<Commit> ObjectStore::find_commit_if_one(const ObjectId& id) const {
  return has(id) && type_of(id) == GIT_OBJECT_COMMIT ? find_commit(id) : std::nullopt;
}

std::optional<Tag> ObjectStore::find_tag(const ObjectId& id) const {
  if (!has(id) || type_of(id) != GIT_OBJECT_TAG) return std::nullopt;
  const auto object = read_object(odb_.get(), id);
  return object ? parse_tag(object->content()) : std::nullopt;
}

std::optional<Tree> ObjectStore::find_tree(const ObjectId& id) const {
  // The empty tree exists everywhere, and git sends it to nobody.
  if (id.text() == "4b825dc642cb6eb9a060e54bf8d69288fbee4904") return Tree();
  if (!has(id)) return std::nullopt;
  const git_oid oid = to_oid(id);
  TreeHandle tree;
  require(made(tree, [&](git_tree** out) { return git_tree_lookup(out, repository_.get(), &oid); }), "read",
          "tree " + id.text());
  Tree result;
  const std::size_t count = git_tree_entrycount(tree.get());
  result.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_tree_entry* entry = git_tree_entry_byindex(tree.get(), i);
    result.push_back(
        {git_tree_entry_name(entry), to_id(*git_tree_entry_id(entry)), git_tree_entry_filemode_raw(entry)});
  }
  return result;
}

std::optional<std::string> ObjectStore::find_blob(const ObjectId& id, std::uint64_t limit) const {
  if (!has(id)) return std::nullopt;
  const git_oid oid = to_oid(id);
  std::size_t size = 0;
  git_object_t type = GIT_OBJECT_INVALID;
  require(git_odb_read_header(&size, &type, odb_.get(), &oid), "read", "blob " + id.text());
  if (type != GIT_OBJECT_BLOB || size > limit) {
    throw Error(ErrorKind::protocol,
                {"read", "blob " + id.text(), type != GIT_OBJECT_BLOB ? "it is not a blob" : "it is too large", ""});
  }
  const auto object = read_object(odb_.get(), id);
  return object ? std::optional(std::string(object->content())) : std::nullopt;
}

FetchResult ObjectStore::fetch(Remote& remote, const FetchRequest& request, const PackLimits& limits,
                               const PackObserver& observer) {
  PackWriter writer(pack_directory_, odb_.get(), remote.shown(), limits, observer);
  FetchResult result = remote.fetch(request, writer);
  if (result.has_pack) {
    received_ += writer.received();
    received_objects_ += writer.objects();
    if (writer.finish()) require(git_odb_refresh(odb_.get()), "read", pack_directory_.string());
  }
  return result;
}

std::vector<Commit> first_parents(const ObjectStore& store, const ObjectId& tip, const std::optional<ObjectId>& stop) {
  std::vector<Commit> chain;
  std::optional<ObjectId> next = tip;
  while (next) {
    auto commit = store.find_commit(*next);
    if (!commit) break;
    if (chain.size() % 1024 == 0) base::throw_if_terminated();
    next = commit->parents.empty() || commit->id == stop ? std::nullopt : std::optional(commit->parents.front());
    chain.push_back(*std::move(commit));
  }
  return chain;
}

}  // namespace git
