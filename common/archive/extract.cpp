#include "archive/extract.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/error.hpp"

namespace archive {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileDescriptor;
using base::system_error;

constexpr std::string_view whiteout_prefix = ".wh.";
constexpr std::string_view opaque_whiteout = ".wh..wh..opq";
constexpr std::string_view reserved_prefix = ".wh..wh.";  // AUFS's own files, of no meaning to others

[[noreturn]] void refuse(std::string_view path, std::string_view archive_name, std::string cause) {
  throw Error(ErrorKind::protocol,
              {"extract", fmt::format("{} of {}", base::printable(path, 256), archive_name), std::move(cause), ""});
}

// "dir/" and "name" of a path as it stands in an archive.
std::pair<std::string_view, std::string_view> split(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  const auto slash = path.rfind('/');
  if (slash == std::string_view::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

std::array<timespec, 2> times_of(const Entry& entry) { return {entry.modified, entry.modified}; }

void write_block(int file, const Block& block, const std::string& path) {
  auto offset = static_cast<off_t>(block.offset);
  std::string_view bytes = block.bytes;
  while (!bytes.empty()) {
    const ssize_t count = pwrite(file, bytes.data(), bytes.size(), offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
    offset += count;
  }
}

// Set-user-ID and set-group-ID are the owner's and the group's to give: under another one they mean something else.
mode_t mode_under_owner(const Entry& entry, const struct stat& status) {
  mode_t mode = entry.mode;
  if (status.st_uid != entry.user) mode &= ~static_cast<mode_t>(S_ISUID);
  if (status.st_gid != entry.group) mode &= ~static_cast<mode_t>(S_ISGID);
  return mode;
}

bool is_kept_attribute(std::string_view name) { return name == "security.capability" || name.starts_with("user."); }

}  // namespace

Extractor::Extractor(const std::filesystem::path& root, Whiteouts whiteouts, Limits limits)
    : Extractor(root, whiteouts, geteuid() == 0 ? Owners::kept : Owners::ours, limits) {}

Extractor::Extractor(const std::filesystem::path& root, Whiteouts whiteouts, Owners owners, Limits limits)
    : root_(root), whiteouts_(whiteouts), owners_(owners), limits_(limits) {}

void Extractor::apply(Reader& reader) {
  written_.clear();
  while (const Entry* entry = reader.next()) take(*entry, reader);
}

void Extractor::take(const Entry& entry, Reader& reader) {
  count(entry, reader.name());
  if (whiteouts_ == Whiteouts::apply && apply_whiteout(entry, reader.name())) return;
  if (entry.type == Entry::Type::hardlink) return make_hardlink(entry, reader.name());
  const auto place = *root_.find(entry.path, Rooted::Parents::create, reader.name());
  for (auto& path : root_.created) written_.insert(std::move(path));
  root_.created.clear();
  if (place.name.empty() && entry.type != Entry::Type::directory) {
    refuse(entry.path, reader.name(), "the root can only be a directory");
  }
  switch (entry.type) {
    case Entry::Type::file:
      write_file(entry, reader, place);
      break;
    case Entry::Type::directory:
      make_directory(entry, place);
      break;
    case Entry::Type::symlink:
      make_symlink(entry, place);
      break;
    case Entry::Type::character_device:
    case Entry::Type::block_device:
    case Entry::Type::fifo:
      make_device(entry, place);
      break;
    case Entry::Type::hardlink:
    case Entry::Type::other:
      return;  // a socket means nothing without its process
  }
  written_.insert(place.path);
}

void Extractor::count(const Entry& entry, const std::string& archive_name) {
  bytes_ += entry.size;
  if (bytes_ > limits_.bytes) {
    refuse(entry.path, archive_name, fmt::format("more than {} are unpacked", base::human_bytes(limits_.bytes)));
  }
  if (++entries_ > limits_.entries) {
    refuse(entry.path, archive_name, fmt::format("there are more than {} entries", limits_.entries));
  }
  const auto names = components_of(entry.path);
  if (!names) refuse(entry.path, archive_name, "its path leads above the root");
  if (names->size() > limits_.depth) {
    refuse(entry.path, archive_name, fmt::format("it is deeper than {} directories", limits_.depth));
  }
  for (const auto& name : *names) {
    if (name.size() > limits_.name) {
      refuse(entry.path, archive_name, fmt::format("a name in it is longer than {} bytes", limits_.name));
    }
  }
}

bool Extractor::apply_whiteout(const Entry& entry, const std::string& archive_name) {
  const auto [directory, name] = split(entry.path);
  if (!name.starts_with(whiteout_prefix)) return false;
  const bool opaque = name == opaque_whiteout;
  if (!opaque && name.starts_with(reserved_prefix)) return true;
  const std::string target(name.substr(whiteout_prefix.size()));
  if (!opaque && (target.empty() || target == "." || target == "..")) {
    refuse(entry.path, archive_name, "this whiteout names nothing that could be removed");
  }
  const std::string path = join(std::string(directory), opaque ? "any" : target);
  const auto place = root_.find(path, Rooted::Parents::require, archive_name);
  if (!place) return true;  // what is not there need not be hidden
  if (opaque) {
    const auto slash = place->path.rfind('/');
    hide_lower_children(place->directory, slash == std::string::npos ? "" : place->path.substr(0, slash));
  } else {
    hide_lower(place->directory, place->name, place->path);
  }
  root_.forget();
  return true;
}

void Extractor::hide_lower_children(int directory, const std::string& path) {
  for (const auto& name : names_in(directory)) hide_lower(directory, name, join(path, name));
}

void Extractor::hide_lower(int directory, const std::string& name, const std::string& path) {
  const FileDescriptor inner = open_directory(directory, name);
  if (inner) hide_lower_children(inner.get(), path);
  if (written_.contains(path)) return;
  if (unlinkat(directory, name.c_str(), inner ? AT_REMOVEDIR : 0) == 0) {
    if (inner) forget_directories(path);
    return;
  }
  // A directory stays when this layer has put something into it.
  if (errno != ENOENT && errno != ENOTEMPTY && errno != EEXIST) throw system_error("remove", path, errno);
}

void Extractor::clear(const Place& place) {
  remove_tree(place.directory, place.name);
  forget_directories(place.path);
  root_.forget();
}

void Extractor::forget_directories(const std::string& path) {
  directories_.erase(path);
  const std::string below = path + "/";
  auto first = directories_.lower_bound(below);
  while (first != directories_.end() && first->first.starts_with(below)) first = directories_.erase(first);
}

void Extractor::write_file(const Entry& entry, Reader& reader, const Place& place) {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor file(openat(place.directory, place.name.c_str(), flags, 0600));
  if (!file && errno == EEXIST) {
    // clear() keeps place.directory open: only the memory of how it was found goes.
    clear(place);
    file = FileDescriptor(openat(place.directory, place.name.c_str(), flags, 0600));
  }
  if (!file) throw system_error("create", place.path, errno);
  std::uint64_t end = 0;
  Block block;
  while (reader.read(block)) {
    write_block(file.get(), block, place.path);
    end = block.offset + block.bytes.size();
  }
  // What is missing at the end is a hole.
  if (end < entry.size && ftruncate(file.get(), static_cast<off_t>(entry.size)) != 0) {
    throw system_error("write", place.path, errno);
  }
  restore_metadata(entry, file.get(), place.path);
}

void Extractor::make_directory(const Entry& entry, const Place& place) {
  if (!place.name.empty() && mkdirat(place.directory, place.name.c_str(), 0700) != 0) {
    if (errno != EEXIST) throw system_error("create directory", place.path, errno);
    if (!open_directory(place.directory, place.name)) {
      clear(place);
      if (mkdirat(place.directory, place.name.c_str(), 0700) != 0) {
        throw system_error("create directory", place.path, errno);
      }
    }
  }
  directories_[place.path] = entry;
}

void Extractor::make_symlink(const Entry& entry, const Place& place) {
  if (symlinkat(entry.target.c_str(), place.directory, place.name.c_str()) != 0) {
    if (errno != EEXIST) throw system_error("create link", place.path, errno);
    clear(place);
    if (symlinkat(entry.target.c_str(), place.directory, place.name.c_str()) != 0) {
      throw system_error("create link", place.path, errno);
    }
  }
  restore_link_metadata(entry, place);
}

void Extractor::make_hardlink(const Entry& entry, const std::string& archive_name) {
  const auto target = root_.find(entry.target, Rooted::Parents::require, archive_name);
  if (!target || target->name.empty()) {
    refuse(entry.path, archive_name, fmt::format("the file that it links to, {}, is not there", entry.target));
  }
  // The next find() may close the target's directory.
  const FileDescriptor directory(openat(target->directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory) throw system_error("open", target->path, errno);
  const auto place = *root_.find(entry.path, Rooted::Parents::create, archive_name);
  for (auto& path : root_.created) written_.insert(std::move(path));
  root_.created.clear();
  if (place.name.empty()) refuse(entry.path, archive_name, "the root can only be a directory");
  written_.insert(place.path);
  if (place.path == target->path) return;
  struct stat status {};
  if (fstatat(directory.get(), target->name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISDIR(status.st_mode)) {
    refuse(entry.path, archive_name, fmt::format("the file that it links to, {}, is not there", entry.target));
  }
  const auto make = [&] {
    return linkat(directory.get(), target->name.c_str(), place.directory, place.name.c_str(), 0) == 0;
  };
  if (make()) return;
  if (errno != EEXIST) throw system_error("create link", place.path, errno);
  clear(place);
  if (!make()) throw system_error("create link", place.path, errno);
}

void Extractor::make_device(const Entry& entry, const Place& place) {
  const mode_t type = entry.type == Entry::Type::fifo               ? S_IFIFO
                      : entry.type == Entry::Type::character_device ? S_IFCHR
                                                                    : S_IFBLK;
  clear(place);
  if (mknodat(place.directory, place.name.c_str(), type | 0600U, entry.device) == 0) {
    restore_link_metadata(entry, place);
    // After mknod(), which lets the umask take bits away, and chown(), which takes others.
    if (fchmodat(place.directory, place.name.c_str(), entry.mode & 01777U, 0) != 0) {
      throw system_error("set the mode of", place.path, errno);
    }
    return;
  }
  if (errno != EPERM && errno != EACCES) throw system_error("create device", place.path, errno);
  if (omissions_.devices++ == 0) omissions_.first_device = place.path;
}

void Extractor::restore_link_metadata(const Entry& entry, const Place& place) const {
  const char* name = place.name.c_str();
  if (owners_ == Owners::kept && fchownat(place.directory, name, entry.user, entry.group, AT_SYMLINK_NOFOLLOW) != 0) {
    throw system_error("set the owner of", place.path, errno);
  }
  const auto times = times_of(entry);
  utimensat(place.directory, name, times.data(), AT_SYMLINK_NOFOLLOW);
}

void Extractor::restore_metadata(const Entry& entry, int descriptor, const std::string& path) {
  struct stat status {};
  if (fstat(descriptor, &status) != 0) throw system_error("look at", path, errno);
  const bool is_owned = status.st_uid == entry.user && status.st_gid == entry.group;
  const bool is_given = owners_ == Owners::kept && !is_owned;
  if (is_given && fchown(descriptor, entry.user, entry.group) != 0) {
    throw system_error("set the owner of", path, errno);
  }
  const mode_t mode = is_given ? entry.mode : mode_under_owner(entry, status);
  // chown() takes set-user-ID and capabilities away, so they come after it.
  if (fchmod(descriptor, mode) != 0) throw system_error("set the mode of", path, errno);
  if (!entry.attributes.empty()) restore_attributes(entry, descriptor, path);
  const auto times = times_of(entry);
  if (futimens(descriptor, times.data()) != 0) throw system_error("set the time of", path, errno);
}

void Extractor::restore_attributes(const Entry& entry, int descriptor, const std::string& path) {
  for (const auto& [name, value] : entry.attributes) {
    if (!is_kept_attribute(name)) continue;
    if (fsetxattr(descriptor, name.c_str(), value.data(), value.size(), 0) == 0) continue;
    if (errno == ENOSPC) throw system_error("write", path, errno);
    if (omissions_.attributes++ == 0) omissions_.first_attribute = fmt::format("{} of {}", name, path);
  }
}

void Extractor::finish() {
  // Deepest first: a directory may close itself to its owner.
  for (auto item = directories_.rbegin(); item != directories_.rend(); ++item) {
    const auto& [path, entry] = *item;
    const auto place = root_.find(path, Rooted::Parents::require, "the image");
    if (!place) continue;
    const FileDescriptor directory =
        place->name.empty() ? open_directory(root_.root(), ".") : open_directory(place->directory, place->name);
    if (directory) restore_metadata(entry, directory.get(), path.empty() ? "/" : path);
  }
  directories_.clear();
}

}  // namespace archive
