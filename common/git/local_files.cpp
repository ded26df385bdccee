#include "git/local_files.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/termination.hpp"

namespace git {
namespace {

namespace fs = std::filesystem;

using base::Error;
using base::ErrorKind;

constexpr std::size_t most_entries = 1'000'000;

std::vector<std::string> lines_of(const fs::path& file) {
  const auto text = base::read_file_if_exists(file).value_or("");
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

class Walk {
 public:
  void run(const fs::path& repository) {
    const auto git = repository / ".git";
    if (exists(git)) {
      add(git, repository);
    } else if (exists(repository / "HEAD")) {
      add_directory(repository);  // a bare one; anything else is not a repository, and nobody reads it
    }
    while (!open_.empty()) {
      const auto next = std::move(open_.back());
      open_.pop_back();
      look(next);
    }
  }

 private:
  static bool exists(const fs::path& path) {
    std::error_code ignored;
    return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
  }

  // What a link leads to counts. A link to nothing is as if it was not there.
  void add(const fs::path& path, const fs::path& beside) {
    std::error_code ignored;
    const auto type = fs::status(path, ignored).type();
    if (type == fs::file_type::directory) return add_directory(path);
    // A socket (git's fsmonitor daemon has one there) cannot be opened, so that nobody waits for it.
    if (type == fs::file_type::not_found || type == fs::file_type::socket) return;
    if (type != fs::file_type::regular) {
      throw Error(ErrorKind::protocol, {"read", path.string(), "it is neither a regular file nor a directory", ""});
    }
    if (path.filename() == ".git") add_named(path, "gitdir: ", beside);
    if (path.filename() == "commondir") add_named(path, "", beside);
    if (path.filename() == "alternates") add_named(path, "", beside.parent_path());
  }

  // Directories that the lines of a file name.
  void add_named(const fs::path& file, std::string_view prefix, const fs::path& base) {
    for (const auto& line : lines_of(file)) {
      if (line.starts_with(prefix) && line.front() != '#') add_directory(base / line.substr(prefix.size()));
    }
  }

  void add_directory(const fs::path& directory) {
    std::error_code failed;
    auto canonical = fs::canonical(directory, failed);
    if (!failed && met_.insert(canonical).second) open_.push_back(std::move(canonical));
  }

  void look(const fs::path& directory) {
    base::throw_if_terminated();
    std::error_code failed;
    for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end; entry.increment(failed)) {
      if (++entries_ > most_entries) {
        throw Error(ErrorKind::protocol, {"read", directory.string(), "it has too many entries", ""});
      }
      const bool plain = !entry->is_symlink(failed) && entry->is_regular_file(failed);
      const auto name = entry->path().filename();
      if (!plain || name == "commondir" || name == "alternates") add(entry->path(), directory);
    }
  }

  std::set<fs::path> met_;
  std::vector<fs::path> open_;
  std::size_t entries_ = 0;
};

}  // namespace

void require_regular_files(const fs::path& repository) { Walk().run(repository); }

}  // namespace git
