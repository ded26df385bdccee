#include "launcher/files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/regular_file.hpp"

namespace launcher {
namespace {

constexpr std::size_t largest_file = 16UL << 20U;

enum class Entries { directories, others };

bool is_directory(const std::string& directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_DIR;
  struct stat status {};
  return lstat((directory + "/" + static_cast<const char*>(entry.d_name)).c_str(), &status) == 0 &&
         S_ISDIR(status.st_mode);
}

std::vector<std::string> list(const std::string& directory, Entries wanted) {
  struct CloseDirectory {
    void operator()(DIR* open) const { closedir(open); }
  };
  std::vector<std::string> paths;
  const std::unique_ptr<DIR, CloseDirectory> open(opendir(directory.c_str()));
  if (!open && (errno == ENOENT || errno == ENOTDIR)) return paths;
  if (!open) throw base::system_error("read directory", directory, errno);
  while (true) {
    errno = 0;
    const dirent* entry = readdir(open.get());  // NOLINT(concurrency-mt-unsafe): one thread
    if (entry == nullptr && errno != 0) throw base::system_error("read directory", directory, errno);
    if (entry == nullptr) break;
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == ".." || is_directory(directory, *entry) != (wanted == Entries::directories)) continue;
    paths.push_back(directory + "/" + name);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool is_executable(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> list_directories(const std::string& directory) {
  return list(directory, Entries::directories);
}

std::vector<std::string> list_files(const std::string& directory) { return list(directory, Entries::others); }

bool exists(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  throw base::system_error("look at", path, errno);
}

bool is_file(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode);
}

std::string read_file(const std::string& path) {
  const auto file = base::open_file(path);
  return read_all(file.get(), path);
}

std::string read_all(int descriptor, const std::string& name) {
  std::string content;
  std::array<char, 16384> buffer{};
  while (true) {
    const ssize_t count = read(descriptor, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("read", name, errno);
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
    if (content.size() > largest_file) {
      throw base::Error(base::ErrorKind::protocol, {"read", name, "it is larger than 16 MiB", ""});
    }
  }
}

std::optional<std::string> find_program(const std::string& name, const std::string& path) {
  if (name.find('/') != std::string::npos) return name;
  for (std::string_view rest = path;;) {
    const auto colon = rest.find(':');
    const std::string directory(rest.substr(0, colon));
    const std::string candidate = (directory.empty() ? "." : directory) + "/" + name;
    if (is_executable(candidate)) return candidate;
    if (colon == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(colon + 1);
  }
}

}  // namespace launcher
