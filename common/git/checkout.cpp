#include "git/checkout.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <git2/sys/repository.h>
#include <mutex>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/letters.hpp"
#include "base/parallel.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"
#include "git/file_names.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileDescriptor;

// Neighbours in a tree have deltas against each other, so a thread takes some at a time. Each thread holds a blob in
// memory: a bound on the threads is one on that, too.
constexpr std::size_t files_at_a_time = 64;
constexpr std::size_t most_threads = 16;

using BlobHandle = Handle<git_blob, git_blob_free>;
using FilterListHandle = Handle<git_filter_list, git_filter_list_free>;

struct Content {
  std::string_view bytes;
  BlobHandle blob;
  git_buf filtered = GIT_BUF_INIT;

  Content() = default;
  ~Content() { git_buf_dispose(&filtered); }
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;
};

// What one thread reads with: handles that it shares with none, so that neither waits for the other's locks.
class Reader {
 public:
  Reader(const char* git_directory, const git_oid& tree, Filtering filtering) : filtering_(filtering) {
    // Without a work tree libgit2 takes attributes from the index alone: a file on the disk may be half-written, or a
    // link that leads elsewhere.
    require(made(repository_, [&](git_repository** out) { return git_repository_open_bare(out, git_directory); }),
            "open", git_directory);
    if (filtering_ == Filtering::off) return;
    require(made(index_, [](git_index** out) { return git_index_new(out); }), "create", "an index");
    TreeHandle object;
    require(made(object, [&](git_tree** out) { return git_tree_lookup(out, repository_.get(), &tree); }), "read",
            "the commit's tree");
    require(git_index_read_tree(index_.get(), object.get()), "read", "the commit's tree");
    require(git_repository_set_index(repository_.get(), index_.get()), "read", "the index");
  }

  void read(const git_index_entry& entry, Content& content) {
    require(made(content.blob, [&](git_blob** out) { return git_blob_lookup(out, repository_.get(), &entry.id); }),
            "check out", base::printable(entry.path));
    content.bytes = {static_cast<const char*>(git_blob_rawcontent(content.blob.get())),
                     static_cast<std::size_t>(git_blob_rawsize(content.blob.get()))};
  }

  void filter(const git_index_entry& entry, Content& content) {
    if (filtering_ == Filtering::off) return;
    FilterListHandle filters;
    const int code = made(filters, [&](git_filter_list** out) {
      return git_filter_list_load(out, repository_.get(), content.blob.get(), entry.path, GIT_FILTER_TO_WORKTREE,
                                  GIT_FILTER_DEFAULT);
    });
    require(code, "check out", base::printable(entry.path));
    if (!filters) return;
    require(git_filter_list_apply_to_blob(&content.filtered, filters.get(), content.blob.get()), "check out",
            base::printable(entry.path));
    content.bytes = {content.filtered.ptr, content.filtered.size};
  }

 private:
  Filtering filtering_;
  RepositoryHandle repository_;
  IndexHandle index_;
};

// As many readers as threads have asked at once.
class Readers {
 public:
  Readers(git_repository* repository, const git_oid& tree, Filtering filtering)
      : git_directory_(git_repository_path(repository)), tree_(tree), filtering_(filtering) {}

  template <class Function>
  void with(Function&& work) {
    auto reader = take();
    work(*reader);
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(reader));
  }

 private:
  std::unique_ptr<Reader> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto reader = std::move(idle_.back());
        idle_.pop_back();
        return reader;
      }
    }
    return std::make_unique<Reader>(git_directory_, tree_, filtering_);
  }

  const char* git_directory_;
  const git_oid& tree_;
  Filtering filtering_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Reader>> idle_;
};

// A file of the checkout: its entry, and what the disk says of it once it is written.
struct File {
  git_index_entry entry{};
  mode_t type = 0;

  explicit File(const git_index_entry& original) : entry(original), type(original.mode & S_IFMT) {
    // Old repositories have modes like 0100664; an index has two for files.
    if (type == S_IFREG) entry.mode = (entry.mode & S_IXUSR) != 0 ? GIT_FILEMODE_BLOB_EXECUTABLE : GIT_FILEMODE_BLOB;
    if (type == S_IFLNK) entry.mode = GIT_FILEMODE_LINK;
    if (type != S_IFREG && type != S_IFLNK && entry.mode != GIT_FILEMODE_COMMIT) {
      refuse(fmt::format("{:o} is not the mode of a file, link or submodule", original.mode));
    }
    // As git refuses it (CVE-2018-11235 and its kin): who reads it next might follow it.
    const std::string_view path = entry.path;
    if (type == S_IFLNK && base::lowered(path.substr(path.rfind('/') + 1)) == ".gitmodules") {
      refuse("it may not be a link");
    }
  }

  [[noreturn]] void refuse(std::string cause) const {
    throw Error(ErrorKind::protocol, {"check out", base::printable(entry.path), std::move(cause), ""});
  }
};

class FileWriter {
 public:
  explicit FileWriter(const std::filesystem::path& directory)
      : directory_(directory), root_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!root_) fail("open", ".");
  }

  // All directories before any file or link: no link can then stand for one. Entries are sorted by their paths, so the
  // directories that two neighbours share are there already.
  void make_directories(const std::vector<File>& files) const {
    std::string_view previous;
    for (const auto& file : files) {
      const std::string_view path = file.entry.path;
      for (auto slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        if (previous.starts_with(path.substr(0, slash + 1))) continue;
        make_directory(std::string(path.substr(0, slash)));
      }
      if (file.type != S_IFREG && file.type != S_IFLNK) make_directory(file.entry.path);  // a submodule's place
      previous = path;
    }
  }

  void write(File& file, Reader& reader) const {
    if (file.type != S_IFREG && file.type != S_IFLNK) return;
    Content content;
    reader.read(file.entry, content);
    file.type == S_IFLNK ? write_link(file, content) : write_content(file, content, reader);
  }

 private:
  void write_link(File& file, const Content& content) const {
    const std::string target(content.bytes);
    if (leads_into_git_directory(target)) file.refuse("it is a link into a .git directory");
    if (symlinkat(target.c_str(), root_.get(), file.entry.path) != 0) fail("create", file.entry.path);
    struct stat status {};
    if (fstatat(root_.get(), file.entry.path, &status, AT_SYMLINK_NOFOLLOW) != 0) fail("read", file.entry.path);
    note_file(file.entry, status);
  }

  void write_content(File& file, Content& content, Reader& reader) const {
    reader.filter(file.entry, content);
    const mode_t mode = file.entry.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666;
    const FileDescriptor descriptor(
        openat(root_.get(), file.entry.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!descriptor) fail("create", file.entry.path);
    base::write_all(descriptor.get(), content.bytes, file.entry.path);
    struct stat status {};
    if (fstat(descriptor.get(), &status) != 0) fail("read", file.entry.path);
    note_file(file.entry, status);
  }

  void make_directory(const std::string& path) const {
    if (mkdirat(root_.get(), path.c_str(), 0777) != 0) fail("create directory", path);
  }

  [[noreturn]] void fail(std::string action, std::string_view path) const {
    throw base::system_error(std::move(action), (directory_ / path).string(), errno);
  }

  const std::filesystem::path& directory_;
  FileDescriptor root_;
};

std::vector<File> files_of(git_index* index) {
  std::vector<File> files;
  const std::size_t count = git_index_entrycount(index);
  files.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const git_index_entry* entry = git_index_get_byindex(index, i);
    if ((entry->flags_extended & GIT_INDEX_ENTRY_SKIP_WORKTREE) == 0) files.emplace_back(*entry);
  }
  return files;
}

}  // namespace

void note_file(git_index_entry& entry, const struct stat& status) {
  entry.ctime = {static_cast<std::int32_t>(status.st_ctim.tv_sec), static_cast<std::uint32_t>(status.st_ctim.tv_nsec)};
  entry.mtime = {static_cast<std::int32_t>(status.st_mtim.tv_sec), static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
  entry.dev = static_cast<std::uint32_t>(status.st_dev);
  entry.ino = static_cast<std::uint32_t>(status.st_ino);
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.file_size = static_cast<std::uint32_t>(status.st_size);
}

void write_files(git_repository* repository, git_index* index, const git_oid& tree,
                 const std::filesystem::path& directory, Filtering filtering) {
  auto files = files_of(index);
  const FileWriter writer(directory);
  writer.make_directories(files);
  Readers readers(repository, tree, filtering);
  const std::size_t portions = (files.size() + files_at_a_time - 1) / files_at_a_time;
  const std::size_t threads = std::min(base::cores(), most_threads);
  base::for_each_parallel(portions, threads, [&](std::size_t portion) {
    readers.with([&](Reader& reader) {
      const std::size_t end = std::min(files.size(), (portion + 1) * files_at_a_time);
      for (std::size_t i = portion * files_at_a_time; i < end; ++i) {
        base::throw_if_terminated();
        writer.write(files[i], reader);
      }
    });
  });
  for (const auto& file : files) {
    require(git_index_add(index, &file.entry), "check out", base::printable(file.entry.path));
  }
}

}  // namespace git
