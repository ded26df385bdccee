#include "lifecycle/prepare.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/termination.hpp"
#include "buildpacks/label.hpp"
#include "lifecycle/layers.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_configuration = 4ULL << 20U;

// A directory of its own, empty, of the builder's user, whatever an earlier run left.
void make_empty(const fs::path& directory, const base::Identity& owner) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(directory, error))) {
    throw Error(ErrorKind::usage, {"use", directory.string(), "it is a symbolic link", "mend the builder image"});
  }
  fs::create_directories(directory);
  base::empty_directory(directory);
  if (!fs::is_empty(directory)) throw Error(ErrorKind::internal, {"empty", directory.string(), "files remain", ""});
  if (chown(directory.c_str(), owner.user, owner.group) != 0 || chmod(directory.c_str(), 0755) != 0) {
    throw base::system_error("give away", directory.string(), errno);
  }
}

void give_away(const fs::path& path, const base::Identity& owner) {
  if (lchown(path.c_str(), owner.user, owner.group) != 0) throw base::system_error("give away", path.string(), errno);
}

void write_all(int file, const char* bytes, std::size_t size, const fs::path& path) {
  while (size > 0) {
    const ssize_t count = write(file, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("write", path.string(), errno);
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
}

class Copier {
 public:
  Copier(fs::path source, fs::path target, const base::Identity& owner)
      : source_(std::move(source)), target_(std::move(target)), owner_(owner) {}

  void run(PreparedSource& result) {
    for (const auto& entry : list_tree(source_)) {
      if (entry.path == source_ || is_git(entry.path)) continue;
      base::throw_if_terminated();
      const auto to = target_ / entry.path.lexically_relative(source_);
      copy(entry, to);
      ++result.files;
      if (S_ISREG(entry.status.st_mode)) result.bytes += static_cast<std::uint64_t>(entry.status.st_size);
    }
    // Last, since a directory may forbid writing into it.
    for (const auto& [path, mode] : directories_) {
      if (chmod(path.c_str(), mode) != 0) throw base::system_error("write", path.string(), errno);
    }
  }

 private:
  [[nodiscard]] bool is_git(const fs::path& path) const {
    const auto first = *path.lexically_relative(source_).begin();
    return first == ".git";
  }

  void copy(const TreeEntry& entry, const fs::path& to) {
    const auto mode = entry.status.st_mode;
    if (S_ISDIR(mode)) {
      if (mkdir(to.c_str(), 0700) != 0) throw base::system_error("create", to.string(), errno);
      directories_.emplace_back(to, mode & 0777U);
    } else if (S_ISLNK(mode)) {
      fs::create_symlink(fs::read_symlink(entry.path), to);
    } else if (S_ISREG(mode)) {
      copy_file(entry.path, to, mode & 0777U);
    } else {
      throw Error(ErrorKind::usage, {"copy", entry.path.string(), "it is neither a file nor a directory nor a link",
                                     "remove it from the source"});
    }
    give_away(to, owner_);
  }

  void copy_file(const fs::path& from, const fs::path& to, mode_t mode) {
    const base::FileDescriptor input(open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!input) throw base::system_error("read", from.string(), errno);
    const base::FileDescriptor output(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!output) throw base::system_error("create", to.string(), errno);
    while (true) {
      const ssize_t count = read(input.get(), buffer_.data(), buffer_.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw base::system_error("read", from.string(), errno);
      if (count == 0) break;
      write_all(output.get(), buffer_.data(), static_cast<std::size_t>(count), to);
    }
    if (fchmod(output.get(), mode) != 0) throw base::system_error("write", to.string(), errno);
  }

  fs::path source_;
  fs::path target_;
  base::Identity owner_;
  std::vector<char> buffer_ = std::vector<char>(256UL * 1024);
  std::vector<std::pair<fs::path, mode_t>> directories_;
};

std::string trimmed(std::string text) {
  text.erase(text.find_last_not_of(" \r\n\t") + 1);
  return text;
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

std::string stripped(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : trimmed(text.substr(first));
}

// The url of [remote "origin"] in git's configuration, read as text: git's own reader would follow its includes. What
// stands before the host of a web address is a credential and goes into no label.
std::string origin_url(const std::string& config) {
  std::istringstream lines(config);
  std::string line;
  bool of_origin = false;
  while (std::getline(lines, line)) {
    line = stripped(line);
    if (line.starts_with('[')) of_origin = line == "[remote \"origin\"]";
    const auto equals = line.find('=');
    if (!of_origin || equals == std::string::npos || stripped(line.substr(0, equals)) != "url") continue;
    auto url = stripped(line.substr(equals + 1));
    const auto scheme_end = url.find("://");
    if (!url.starts_with("http") || scheme_end == std::string::npos) return url;
    const auto host = scheme_end + 3;
    const auto at = url.substr(0, url.find('/', host)).rfind('@');
    return at == std::string::npos ? url : url.erase(host, at + 1 - host);
  }
  return "";
}

// The files that the get of a source writes beside git's own; they say where the source came from.
void read_origin(const fs::path& git, PreparedSource& result) {
  std::error_code error;
  if (fs::symlink_status(git, error).type() != fs::file_type::directory) return;
  for (const auto* name : {"commit", "ref", "HEAD"}) {
    if (!fs::is_regular_file(fs::symlink_status(git / name, error))) continue;
    const auto text = trimmed(base::read_file_if_exists(git / name, 4096).value_or(""));
    if (is_commit(text) && result.commit.empty()) result.commit = text;
  }
  if (fs::is_regular_file(fs::symlink_status(git / "config", error))) {
    result.repository = origin_url(base::read_file_if_exists(git / "config", largest_configuration).value_or(""));
  }
}

void write_settings(const Platform& platform, const std::map<std::string, std::string>& environment) {
  make_empty(platform.settings, platform.identity);
  const auto directory = platform.settings / "env";
  fs::create_directory(directory);
  give_away(directory, platform.identity);
  for (const auto& [name, value] : environment) {
    // The builder's user's alone: a value may be a secret of the build.
    base::write_file(directory / name, value, 0400);
    give_away(directory / name, platform.identity);
  }
}

}  // namespace

PreparedSource prepare(const Platform& platform, const fs::path& source,
                       const std::map<std::string, std::string>& environment) {
  make_empty(platform.layers, platform.identity);
  make_empty(platform.application, platform.identity);
  write_settings(platform, environment);
  PreparedSource result;
  Copier(source, platform.application, platform.identity).run(result);
  read_origin(source / ".git", result);
  return result;
}

std::string project_metadata(const PreparedSource& source) {
  nlohmann::ordered_json label = nlohmann::ordered_json::object();
  if (!source.commit.empty()) {
    label["source"]["type"] = "git";
    label["source"]["version"]["commit"] = source.commit;
    if (!source.repository.empty()) label["source"]["metadata"]["repository"] = source.repository;
  }
  return buildpacks::label_text(label);
}

}  // namespace lifecycle
