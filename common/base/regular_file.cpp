#include "base/regular_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>

#include "base/error.hpp"

namespace base {
namespace {

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISLNK(mode)) return "a symbolic link";
  return "a device";
}

[[noreturn]] void refuse(const std::filesystem::path& path, const char* kind) {
  throw Error(ErrorKind::protocol, {"read", path.string(), std::string("it is ") + kind + ", not a regular file", ""});
}

}  // namespace

std::optional<FileDescriptor> open_file_if_exists(const std::filesystem::path& path, Links links) {
  const int follow = links == Links::refused ? O_NOFOLLOW : 0;
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | follow));
  if (!file && (errno == ENOENT || errno == ENOTDIR)) return std::nullopt;
  if (!file && errno == ENXIO) refuse(path, "a socket or a device");  // open(2): neither can be opened so
  if (!file && errno == ELOOP && links == Links::refused) refuse(path, kind_of(S_IFLNK));
  if (!file) throw system_error("read", path.string(), errno);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) throw system_error("read", path.string(), errno);
  if (!S_ISREG(status.st_mode)) refuse(path, kind_of(status.st_mode));
  return file;
}

FileDescriptor open_file(const std::filesystem::path& path, Links links) {
  auto file = open_file_if_exists(path, links);
  if (!file) throw Error(ErrorKind::usage, {"read", path.string(), "there is no such file", ""});
  return *std::move(file);
}

std::size_t read_some(const FileDescriptor& file, char* buffer, std::size_t capacity,
                      const std::filesystem::path& path) {
  while (true) {
    const ssize_t count = read(file.get(), buffer, capacity);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw system_error("read", path.string(), errno);
  }
}

}  // namespace base
