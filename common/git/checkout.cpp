#include "git/checkout.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <functional>
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
#include "git/pack_reader.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileDescriptor;

// Neighbours in a tree have deltas against each other, so a thread takes some at a time. Each thread holds a blob in
// memory: a bound on the threads is one on that, too.
constexpr std::size_t files_at_a_time = 64;
constexpr std::size_t most_threads = 16;

// What is larger goes to the disk piece by piece where it lies whole in a pack, and is not to be converted.
constexpr std::size_t largest_in_memory = 4UL << 20U;

// What one thread reads with: a handle that it shares with none, so that neither waits for the other's locks.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& objects) {
    require(made(odb_, [&](git_odb** out) { return git_odb_open(out, objects.c_str()); }), "open", objects.string());
  }

  [[nodiscard]] RawObject read(const git_index_entry& entry) const {
    const ObjectId id = to_id(entry.id);
    auto object = read_object(odb_.get(), id);
    if (!object || object->type() != GIT_OBJECT_BLOB) {
      throw Error(ErrorKind::protocol,
                  {"check out", base::printable(entry.path),
                   object ? "it is not a blob" : "the server did not send its content, " + id.text(), ""});
    }
    return *std::move(object);
  }

  [[nodiscard]] std::size_t size_of(const git_index_entry& entry) const {
    std::size_t size = 0;
    git_object_t type = GIT_OBJECT_INVALID;
    return git_odb_read_header(&size, &type, odb_.get(), &entry.id) < 0 ? 0 : size;
  }

 private:
  OdbHandle odb_;
};

// As many readers as threads have asked at once.
class Readers {
 public:
  explicit Readers(const std::filesystem::path& objects) : objects_(objects) {}

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
    return std::make_unique<Reader>(objects_);
  }

  const std::filesystem::path& objects_;
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
  FileWriter(const std::filesystem::path& directory, const std::filesystem::path& objects, const Contents& contents)
      : directory_(directory),
        root_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
        packs_(objects / "pack"),
        contents_(contents) {
    if (!root_) fail("open", ".");
  }

  // Sorted by their paths.
  [[nodiscard]] std::vector<std::string> not_encoded() {
    std::sort(not_encoded_.begin(), not_encoded_.end());
    return std::move(not_encoded_);
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

  void write(File& file, const Reader& reader) {
    if (file.type == S_IFLNK) write_link(file, reader.read(file.entry).content());
    if (file.type == S_IFREG) write_content(file, reader);
  }

 private:
  void write_link(File& file, std::string_view content) const {
    const std::string target(content);
    if (leads_into_git_directory(target)) file.refuse("it is a link into a .git directory");
    if (symlinkat(target.c_str(), root_.get(), file.entry.path) != 0) fail("create", file.entry.path);
    struct stat status {};
    if (fstatat(root_.get(), file.entry.path, &status, AT_SYMLINK_NOFOLLOW) != 0) fail("read", file.entry.path);
    note_file(file.entry, status);
  }

  void write_content(File& file, const Reader& reader) {
    const auto conversion = conversion_of(file);
    const mode_t mode = file.entry.mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0777 : 0666;
    const FileDescriptor descriptor(
        openat(root_.get(), file.entry.path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!descriptor) fail("create", file.entry.path);
    const auto write = [&](std::string_view bytes) { base::write_all(descriptor.get(), bytes, file.entry.path); };
    if (conversion.streams()) {
      stream(file, reader, conversion, write);
    } else {
      const auto blob = reader.read(file.entry);
      const auto result = conversion.apply(blob.content(), to_id(file.entry.id), contents_.fields);
      write(result.content ? *result.content : blob.content());
      if (!result.not_encoded.empty()) note(file, result.not_encoded);
    }
    struct stat status {};
    if (fstat(descriptor.get(), &status) != 0) fail("read", file.entry.path);
    note_file(file.entry, status);
  }

  template <class Write>
  void stream(const File& file, const Reader& reader, const Conversion& conversion, const Write& write) const {
    const auto place = large(file, reader);
    const auto pieces = [&](const std::function<void(std::string_view)>& receive) {
      place ? packs_.read(*place, receive) : receive(reader.read(file.entry).content());
    };
    if (conversion.is_none()) return pieces(write);
    auto converting = conversion.stream(to_id(file.entry.id));
    pieces([&](std::string_view bytes) { write(converting.convert(bytes)); });
    write(converting.finish());
  }

  [[nodiscard]] Conversion conversion_of(const File& file) const {
    if (contents_.attributes.empty()) return {{}, contents_.endings};
    return {contents_.attributes.of(file.entry.path), contents_.endings};
  }

  [[nodiscard]] std::optional<PackReader::Place> large(const File& file, const Reader& reader) const {
    if (reader.size_of(file.entry) <= largest_in_memory) return std::nullopt;
    return packs_.find_whole_blob(to_id(file.entry.id));
  }

  void note(const File& file, const std::string& encoding) {
    const std::lock_guard lock(mutex_);
    not_encoded_.push_back(fmt::format("{} ({})", file.entry.path, encoding));
  }

  void make_directory(const std::string& path) const {
    if (mkdirat(root_.get(), path.c_str(), 0777) != 0) fail("create directory", path);
  }

  [[noreturn]] void fail(std::string action, std::string_view path) const {
    throw base::system_error(std::move(action), (directory_ / path).string(), errno);
  }

  const std::filesystem::path& directory_;
  FileDescriptor root_;
  PackReader packs_;
  const Contents& contents_;
  std::mutex mutex_;
  std::vector<std::string> not_encoded_;
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

WrittenFiles write_files(const std::filesystem::path& objects, git_index* index, const std::filesystem::path& directory,
                         const Contents& contents) {
  auto files = files_of(index);
  FileWriter writer(directory, objects, contents);
  writer.make_directories(files);
  Readers readers(objects);
  const std::size_t portions = (files.size() + files_at_a_time - 1) / files_at_a_time;
  const std::size_t threads = std::min(base::cores(), most_threads);
  base::for_each_parallel(portions, threads, [&](std::size_t portion) {
    readers.with([&](const Reader& reader) {
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
  return {writer.not_encoded()};
}

}  // namespace git
