#include "archive/rooted.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace archive {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileDescriptor;

constexpr int most_links = 40;  // as the kernel has it (path_resolution(7))
// Links make paths deeper than any entry's own; each level costs a descriptor here and when it is removed.
constexpr std::size_t deepest = 400;
constexpr int directory_flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

struct DirectoryDeleter {
  void operator()(DIR* directory) const noexcept { closedir(directory); }
};

std::string join(const std::string& directory, const std::string& name) {
  return directory.empty() ? name : directory + "/" + name;
}

}  // namespace

std::optional<std::vector<std::string>> components_of(std::string_view path) {
  std::vector<std::string> result;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto name = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (name.empty() || name == ".") continue;
    if (name == "..") return std::nullopt;
    result.emplace_back(name);
  }
  return result;
}

// One walk from the root to the parent of a path.
class Rooted::Walk {
 public:
  Walk(Rooted& rooted, std::string_view path, Parents parents, std::string_view archive_name)
      : rooted_(rooted), path_(path), parents_(parents), archive_name_(archive_name) {}

  // False when a directory is missing and is not to be made.
  bool run(const std::vector<std::string>& names) {
    for (auto name = names.rbegin(); name != names.rend(); ++name) pending_.push_back(*name);
    while (!pending_.empty()) {
      const std::string step = std::move(pending_.back());
      pending_.pop_back();
      if (step == "..") {
        climb();
      } else if (!enter(step)) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] FileDescriptor take_directory() {
    if (!opened_.empty()) return std::move(opened_.back().second);
    return FileDescriptor(openat(rooted_.root_.get(), ".", directory_flags));
  }

  [[nodiscard]] std::string canonical() const {
    std::string result;
    for (const auto& [name, descriptor] : opened_) result = join(result, name);
    return result;
  }

 private:
  [[nodiscard]] int top() const { return opened_.empty() ? rooted_.root_.get() : opened_.back().second.get(); }

  [[noreturn]] void refuse(std::string cause) const {
    throw Error(ErrorKind::protocol,
                {"extract", fmt::format("{} of {}", base::printable(path_, 256), archive_name_), std::move(cause), ""});
  }

  void climb() {
    if (opened_.empty()) refuse(fmt::format("the link {} leads above the root", link_));
    opened_.pop_back();
  }

  bool enter(const std::string& step) {
    FileDescriptor next(openat(top(), step.c_str(), directory_flags));
    if (!next && errno == ENOENT) {
      if (parents_ == Parents::require) return false;
      next = make(step);
    } else if (!next && (errno == ELOOP || errno == ENOTDIR)) {
      return follow(step);
    }
    if (!next) throw base::system_error("open", join(canonical(), step), errno);
    if (opened_.size() == deepest) refuse(fmt::format("it leads deeper than {} directories", deepest));
    opened_.emplace_back(step, std::move(next));
    return true;
  }

  FileDescriptor make(const std::string& name) {
    const std::string path = join(canonical(), name);
    if (mkdirat(top(), name.c_str(), 0755) != 0) throw base::system_error("create directory", path, errno);
    fchmodat(top(), name.c_str(), 0755, 0);  // whatever the umask
    rooted_.created.push_back(path);
    return FileDescriptor(openat(top(), name.c_str(), directory_flags));
  }

  bool follow(const std::string& name) {
    std::array<char, PATH_MAX> target{};
    const ssize_t length = readlinkat(top(), name.c_str(), target.data(), target.size());
    if (length <= 0) {
      if (parents_ == Parents::require) return false;
      refuse(fmt::format("{} is not a directory", join(canonical(), name)));
    }
    if (++links_ > most_links) refuse("too many symbolic links are on its way");
    const std::string_view text(target.data(), static_cast<std::size_t>(length));
    link_ = fmt::format("{} -> {}", join(canonical(), name), base::printable(text, 256));
    if (text.starts_with('/')) opened_.clear();
    push_reversed(text);
    return true;
  }

  void push_reversed(std::string_view target) {
    const auto before = static_cast<std::ptrdiff_t>(pending_.size());
    while (!target.empty()) {
      const auto end = std::min(target.find('/'), target.size());
      const auto name = target.substr(0, end);
      target.remove_prefix(std::min(end + 1, target.size()));
      if (!name.empty() && name != ".") pending_.emplace_back(name);
    }
    std::reverse(pending_.begin() + before, pending_.end());
  }

  Rooted& rooted_;
  std::string_view path_;
  Parents parents_;
  std::string_view archive_name_;
  std::vector<std::string> pending_;
  std::vector<std::pair<std::string, FileDescriptor>> opened_;
  int links_ = 0;
  std::string link_;  // the one followed last, for messages
};

Rooted::Rooted(const std::filesystem::path& root) : root_(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!root_) throw base::system_error("open", root.string(), errno);
}

std::optional<Place> Rooted::find(std::string_view path, Parents parents, std::string_view archive_name) {
  auto names = components_of(path);
  if (!names) {
    throw Error(ErrorKind::protocol, {"extract", fmt::format("{} of {}", base::printable(path, 256), archive_name),
                                      "its path leads above the root", ""});
  }
  if (names->empty()) return Place{root_.get(), "", ""};
  std::string name = std::move(names->back());
  names->pop_back();
  std::string parent_text;
  for (const auto& component : *names) parent_text = join(parent_text, component);
  if (!parent_text_ || *parent_text_ != parent_text) {
    Walk walk(*this, path, parents, archive_name);
    if (!walk.run(*names)) return std::nullopt;
    parent_path_ = walk.canonical();
    parent_ = walk.take_directory();
    if (!parent_) throw base::system_error("open", parent_path_, errno);
    parent_text_ = std::move(parent_text);
  }
  std::string whole = join(parent_path_, name);
  return Place{parent_.get(), std::move(name), std::move(whole)};
}

FileDescriptor open_directory(int directory, const std::string& name) {
  return FileDescriptor(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

std::vector<std::string> names_in(int directory) {
  // A descriptor of its own: reading moves its position, and closedir() closes it.
  FileDescriptor copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy) throw base::system_error("read", "a directory", errno);
  const std::unique_ptr<DIR, DirectoryDeleter> stream(fdopendir(copy.get()));
  if (!stream) throw base::system_error("read", "a directory", errno);
  static_cast<void>(copy.release());
  std::vector<std::string> result;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): each stream is read by one thread
  while (const dirent* entry = readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") result.emplace_back(name);
  }
  return result;
}

void remove_tree(int directory, const std::string& name) {
  if (unlinkat(directory, name.c_str(), 0) == 0 || errno == ENOENT) return;
  if (errno != EISDIR && errno != EPERM) throw base::system_error("remove", name, errno);
  const FileDescriptor inner = open_directory(directory, name);
  if (!inner) throw base::system_error("remove", name, errno);
  for (const auto& child : names_in(inner.get())) remove_tree(inner.get(), child);
  if (unlinkat(directory, name.c_str(), AT_REMOVEDIR) != 0) throw base::system_error("remove", name, errno);
}

}  // namespace archive
