#include "lifecycle/layers.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t most_entries = 4'000'000;
constexpr std::size_t chunk_size = 256UL * 1024;
constexpr auto launcher_path = "/cnb/lifecycle/launcher";

struct stat status_of(const fs::path& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) throw base::system_error("read", path.string(), errno);
  return status;
}

std::vector<std::string> names_in(const fs::path& directory) {
  const auto close = [](DIR* stream) { closedir(stream); };
  const std::unique_ptr<DIR, decltype(close)> stream(opendir(directory.c_str()), close);
  if (!stream) throw base::system_error("read", directory.string(), errno);
  std::vector<std::string> names;
  while (const auto* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe): the stream is this thread's
    const std::string name = &entry->d_name[0];
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

void walk(const fs::path& path, std::vector<TreeEntry>& entries) {
  entries.push_back({path, status_of(path)});
  if (entries.size() > most_entries) {
    throw Error(ErrorKind::usage,
                {"export", path.string(), "a layer may have four million entries", "make it smaller"});
  }
  if (!S_ISDIR(entries.back().status.st_mode)) return;
  for (const auto& name : names_in(path)) walk(path / name, entries);
}

archive::EntryType type_of(mode_t mode) {
  if (S_ISDIR(mode)) return archive::EntryType::directory;
  if (S_ISLNK(mode)) return archive::EntryType::symbolic_link;
  if (S_ISCHR(mode)) return archive::EntryType::character_device;
  if (S_ISBLK(mode)) return archive::EntryType::block_device;
  if (S_ISFIFO(mode)) return archive::EntryType::fifo;
  return archive::EntryType::file;
}

std::string read_link(const fs::path& path) {
  std::array<char, 4096> buffer{};
  const ssize_t length = readlink(path.c_str(), buffer.data(), buffer.size());
  if (length < 0) throw base::system_error("read", path.string(), errno);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

[[noreturn]] void changed(const fs::path& path) {
  throw Error(ErrorKind::usage,
              {"export", path.string(), "it changed while it was read", "a buildpack must leave no process running"});
}

archive::TarEntry entry_for(const TreeEntry& source) {
  const auto mode = source.status.st_mode;
  archive::TarEntry entry;
  entry.name = source.path.string();
  entry.type = type_of(mode);
  entry.mode = mode & 07777U;
  entry.user = source.status.st_uid;
  entry.group = source.status.st_gid;
  entry.modified = layer_time;
  if (S_ISREG(mode)) entry.size = static_cast<std::uint64_t>(source.status.st_size);
  if (S_ISLNK(mode)) entry.target = read_link(source.path);
  if (S_ISCHR(mode) || S_ISBLK(mode)) {
    entry.device_major = major(source.status.st_rdev);
    entry.device_minor = minor(source.status.st_rdev);
  }
  return entry;
}

// The header says the size that the open file has; no more is read, and less is an error.
void write_file(archive::TarWriter& tar, const fs::path& path, archive::TarEntry entry) {
  const base::FileDescriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) throw base::system_error("read", path.string(), errno);
  if (!S_ISREG(status.st_mode)) changed(path);
  entry.size = static_cast<std::uint64_t>(status.st_size);
  tar.begin(entry);
  std::uint64_t left = entry.size;
  std::vector<char> buffer(std::min<std::uint64_t>(chunk_size, left));
  while (left > 0) {
    const ssize_t count = read(file.get(), buffer.data(), std::min<std::uint64_t>(buffer.size(), left));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("read", path.string(), errno);
    if (count == 0) changed(path);
    tar.data({buffer.data(), static_cast<std::size_t>(count)});
    left -= static_cast<std::uint64_t>(count);
  }
}

void write_entry(archive::TarWriter& tar, const TreeEntry& source, archive::TarEntry entry) {
  if (S_ISREG(source.status.st_mode)) {
    write_file(tar, source.path, std::move(entry));
  } else {
    tar.begin(entry);
  }
}

archive::TarEntry root_entry(std::string name, archive::EntryType type) {
  archive::TarEntry entry;
  entry.name = std::move(name);
  entry.type = type;
  entry.mode = 0755;
  entry.modified = layer_time;
  return entry;
}

}  // namespace

std::vector<TreeEntry> list_tree(const fs::path& root) {
  std::vector<TreeEntry> entries;
  walk(root, entries);
  return entries;
}

std::vector<TreeEntry> list_parents(const fs::path& path) {
  std::vector<TreeEntry> parents;
  for (auto parent = path.parent_path(); parent != "/" && !parent.empty(); parent = parent.parent_path()) {
    struct stat status {};
    if (stat(parent.c_str(), &status) != 0) throw base::system_error("read", parent.string(), errno);
    parents.insert(parents.begin(), {parent, status});
  }
  return parents;
}

void write_entries(archive::TarWriter& tar, const std::vector<TreeEntry>& parents,
                   const std::vector<TreeEntry>& entries, const base::Identity& owner) {
  if (entries.empty()) return;
  for (const auto& parent : parents) tar.begin(entry_for(parent));
  for (const auto& source : entries) {
    if (S_ISSOCK(source.status.st_mode)) continue;
    auto entry = entry_for(source);
    entry.user = owner.user;
    entry.group = owner.group;
    write_entry(tar, source, std::move(entry));
  }
}

void write_directory(archive::TarWriter& tar, const fs::path& directory, const base::Identity& owner) {
  write_entries(tar, list_parents(directory), list_tree(directory), owner);
}

void write_launcher(archive::TarWriter& tar, const fs::path& launcher) {
  tar.begin(root_entry("/cnb", archive::EntryType::directory));
  tar.begin(root_entry("/cnb/lifecycle", archive::EntryType::directory));
  write_file(tar, launcher, root_entry(launcher_path, archive::EntryType::file));
}

void write_process_types(archive::TarWriter& tar, const std::vector<buildpacks::Process>& processes) {
  tar.begin(root_entry("/cnb", archive::EntryType::directory));
  tar.begin(root_entry("/cnb/process", archive::EntryType::directory));
  for (const auto& process : processes) {
    auto entry = root_entry("/cnb/process/" + process.type, archive::EntryType::symbolic_link);
    entry.target = launcher_path;
    tar.begin(entry);
  }
}

}  // namespace lifecycle
