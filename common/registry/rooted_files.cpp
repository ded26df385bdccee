#include "registry/rooted_files.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

std::string joined(const std::filesystem::path& directory, const std::vector<std::string>& path) {
  std::filesystem::path result = directory;
  for (const auto& name : path) result /= name;
  return result.string();
}

[[noreturn]] void refuse(const std::string& file, const char* cause) {
  throw Error(ErrorKind::protocol, {"read", file, cause, ""});
}

}  // namespace

RootedFiles::RootedFiles(std::filesystem::path directory)
    : directory_(std::move(directory)), root_(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!root_) throw base::system_error("read", directory_.string(), errno);
}

std::optional<RootedFiles::File> RootedFiles::open(const std::vector<std::string>& path) const {
  base::FileDescriptor folder;
  int parent = root_.get();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const bool is_last = i + 1 == path.size();
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | (is_last ? 0 : O_DIRECTORY);
    base::FileDescriptor next(openat(parent, path[i].c_str(), flags));
    if (!next && errno == ENOENT) return std::nullopt;
    if (!next && (errno == ELOOP || (!is_last && errno == ENOTDIR))) {
      refuse(joined(directory_, path), "a symbolic link is not followed here, nor is a file taken for a directory");
    }
    if (!next) throw base::system_error("read", joined(directory_, path), errno);
    folder = std::move(next);
    parent = folder.get();
  }
  struct stat status {};
  if (fstat(folder.get(), &status) != 0) throw base::system_error("read", joined(directory_, path), errno);
  if (!S_ISREG(status.st_mode)) refuse(joined(directory_, path), "it is not a regular file");
  return File{std::move(folder), static_cast<std::uint64_t>(status.st_size)};
}

std::optional<std::string> RootedFiles::read(const std::vector<std::string>& path, std::uint64_t limit) const {
  const auto file = open(path);
  if (!file) return std::nullopt;
  if (file->size > limit) refuse(joined(directory_, path), "it is too large");
  std::string content(file->size, '\0');
  std::size_t length = 0;
  while (length < content.size()) {
    const ssize_t count = ::read(file->descriptor.get(), content.data() + length, content.size() - length);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("read", joined(directory_, path), errno);
    if (count == 0) break;
    length += static_cast<std::size_t>(count);
  }
  content.resize(length);
  return content;
}

}  // namespace registry
