#include "base/presence.hpp"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <memory>

#include "base/error.hpp"

namespace base {
namespace {

bool is_absence(int error) { return error == ENOENT || error == ENOTDIR; }

std::optional<struct stat> answer(int result, const struct stat& status, const std::filesystem::path& path) {
  if (result == 0) return status;
  if (is_absence(errno)) return std::nullopt;
  throw system_error("look at", path.string(), errno);
}

}  // namespace

std::optional<struct stat> status_if_exists(const std::filesystem::path& path) {
  struct stat status {};
  return answer(lstat(path.c_str(), &status), status, path);
}

std::optional<struct stat> target_if_exists(const std::filesystem::path& path) {
  struct stat status {};
  return answer(stat(path.c_str(), &status), status, path);
}

bool is_directory(const std::filesystem::path& path) {
  const auto status = target_if_exists(path);
  return status && S_ISDIR(status->st_mode);
}

bool is_regular_file(const std::filesystem::path& path) {
  const auto status = target_if_exists(path);
  return status && S_ISREG(status->st_mode);
}

std::vector<std::filesystem::path> entries_if_exists(const std::filesystem::path& directory) {
  const auto close = [](DIR* stream) { closedir(stream); };
  const std::unique_ptr<DIR, decltype(close)> stream(opendir(directory.c_str()), close);
  std::vector<std::filesystem::path> entries;
  if (!stream) {
    if (is_absence(errno)) return entries;
    throw system_error("read", directory.string(), errno);
  }
  errno = 0;
  while (const auto* entry = readdir(stream.get())) {  // NOLINT(concurrency-mt-unsafe): the stream is this thread's
    const std::string name = &entry->d_name[0];
    if (name != "." && name != "..") entries.push_back(directory / name);
    errno = 0;
  }
  if (errno != 0) throw system_error("read", directory.string(), errno);
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace base
