#include "base/file.hpp"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/random.hpp"
#include "base/regular_file.hpp"
#include "base/write_all.hpp"

namespace base {
namespace {

constexpr std::size_t read_chunk = 64UL * 1024;

}  // namespace

std::optional<std::string> read_file_if_exists(const std::filesystem::path& path, std::uint64_t limit) {
  const auto file = open_file_if_exists(path);
  if (!file) return std::nullopt;
  std::string content;
  while (true) {
    const std::size_t old_size = content.size();
    content.resize(old_size + read_chunk);
    const auto count = read_some(*file, content.data() + old_size, read_chunk, path);
    content.resize(old_size + count);
    if (count == 0) return content;
    if (content.size() > limit) {
      throw Error(ErrorKind::protocol,
                  {"read", path.string(), fmt::format("it is larger than {}", human_bytes(limit)), ""});
    }
  }
}

std::string read_file(const std::filesystem::path& path, std::uint64_t limit) {
  auto content = read_file_if_exists(path, limit);
  if (!content) throw Error(ErrorKind::usage, {"read", path.string(), "there is no such file", ""});
  return *std::move(content);
}

void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  auto temporary = path;
  temporary += ".tmp-" + random_name(system_random());
  try {
    const FileDescriptor file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) throw system_error("write", path.string(), errno);
    write_all(file.get(), content, path);
    if (fchmod(file.get(), mode) != 0) throw system_error("write", path.string(), errno);
    if (rename(temporary.c_str(), path.c_str()) != 0) throw system_error("write", path.string(), errno);
  } catch (...) {
    unlink(temporary.c_str());
    throw;
  }
}

void empty_directory(const std::filesystem::path& directory) noexcept {
  std::error_code ignored;
  // remove_all() does not follow symbolic links. The iterator is read whole first: entries vanish under it otherwise.
  try {
    std::vector<std::filesystem::path> entries;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) entries.push_back(entry.path());
    for (const auto& entry : entries) std::filesystem::remove_all(entry, ignored);
  } catch (...) {  // NOLINT(bugprone-empty-catch): the clean-up of a failure has nobody to tell
  }
}

std::filesystem::path scratch_directory() {
  static constexpr const char* volume = "/scratch";
  if (access(volume, W_OK | X_OK) == 0) return volume;
  const char* configured = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nothing sets the environment
  return configured != nullptr && *configured == '/' ? configured : "/tmp";
}

TemporaryDirectory::TemporaryDirectory(std::string_view purpose, const std::filesystem::path& parent) {
  std::string name = (parent / fmt::format("build-service-{}-XXXXXX", purpose)).string();
  if (mkdtemp(name.data()) == nullptr) throw system_error("create", name, errno);
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  if (path_.empty()) return;
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace base
