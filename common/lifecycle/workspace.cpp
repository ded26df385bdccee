#include "lifecycle/workspace.hpp"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "base/parallel.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"
#include "git/sparse_patterns.hpp"
#include "lifecycle/layers.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t chunk_size = 256UL * 1024;

void give_away(const fs::path& path, const base::Identity& owner) {
  if (lchown(path.c_str(), owner.user, owner.group) != 0) throw base::system_error("give away", path.string(), errno);
}

// Which entries of the source take part, by project.toml's patterns.
class Selection {
 public:
  explicit Selection(const buildpacks::ProjectDescriptor& project)
      : include_(project.include), exclude_(project.exclude) {}

  [[nodiscard]] bool takes(const fs::path& relative, mode_t mode) const {
    if (*relative.begin() == ".git") return false;
    const auto path = relative.string() + (S_ISDIR(mode) ? "/" : "");
    // A directory of a list of what is included is made when something in it is.
    if (!include_.empty()) return !S_ISDIR(mode) && include_.chooses(path);
    return exclude_.empty() || !exclude_.chooses(path);
  }
  [[nodiscard]] bool makes_parents() const { return !include_.empty(); }

 private:
  git::SparsePatterns include_;
  git::SparsePatterns exclude_;
};

struct Copied {
  fs::path from;
  fs::path relative;
  mode_t mode = 0;
  std::string content;  // a file's digest, a link's target
};

class Copier {
 public:
  Copier(fs::path source, const buildpacks::ProjectDescriptor& project, const Platform& platform)
      : source_(std::move(source)), target_(platform.application), owner_(platform.identity), selection_(project) {}

  Workspace run() {
    Workspace result;
    for (const auto& entry : list_tree(source_)) {
      if (entry.path == source_) continue;
      const auto relative = entry.path.lexically_relative(source_);
      if (!selection_.takes(relative, entry.status.st_mode)) continue;
      if (selection_.makes_parents()) make_parents(relative.parent_path());
      add({entry.path, relative, entry.status.st_mode, ""});
      if (S_ISREG(entry.status.st_mode)) result.bytes += static_cast<std::uint64_t>(entry.status.st_size);
    }
    const std::size_t lanes = base::cores();
    base::for_each_parallel(files_.size(), lanes, [&](std::size_t i) {
      base::throw_if_terminated();
      auto& file = entries_[files_[i]];
      file.content = copy_file(file.from, target_ / file.relative, file.mode & 0777U);
    });
    // Last, since a directory may forbid writing into it.
    for (const auto& entry : entries_) {
      const auto to = target_ / entry.relative;
      if (S_ISDIR(entry.mode) && chmod(to.c_str(), entry.mode & 0777U) != 0) {
        throw base::system_error("write", to.string(), errno);
      }
    }
    result.files = entries_.size();
    result.digest = digest();
    return result;
  }

 private:
  void make_parents(const fs::path& relative) {
    if (relative.empty() || fs::exists(fs::symlink_status(target_ / relative))) return;
    make_parents(relative.parent_path());
    struct stat status {};
    const auto from = source_ / relative;
    if (lstat(from.c_str(), &status) != 0) throw base::system_error("read", from.string(), errno);
    add({from, relative, status.st_mode, ""});
  }

  void add(Copied entry) {
    base::throw_if_terminated();
    const auto to = target_ / entry.relative;
    if (S_ISDIR(entry.mode)) {
      if (mkdir(to.c_str(), 0700) != 0) throw base::system_error("create", to.string(), errno);
      give_away(to, owner_);
    } else if (S_ISLNK(entry.mode)) {
      entry.content = fs::read_symlink(entry.from).string();
      fs::create_symlink(entry.content, to);
      give_away(to, owner_);
    } else if (S_ISREG(entry.mode)) {
      files_.push_back(entries_.size());
    } else {
      throw Error(ErrorKind::usage, {"copy", entry.from.string(), "it is neither a file nor a directory nor a link",
                                     "remove it from the source"});
    }
    entries_.push_back(std::move(entry));
  }

  [[nodiscard]] std::string copy_file(const fs::path& from, const fs::path& to, mode_t mode) const {
    const auto input = base::open_file(from, base::Links::refused);
    const base::FileDescriptor output(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!output) throw base::system_error("create", to.string(), errno);
    std::vector<char> buffer(chunk_size);
    base::Sha256 hash;
    while (true) {
      const auto count = base::read_some(input, buffer.data(), buffer.size(), from);
      if (count == 0) break;
      const std::string_view bytes(buffer.data(), count);
      hash.update(bytes);
      base::write_all(output.get(), bytes, to);
    }
    if (fchmod(output.get(), mode) != 0) throw base::system_error("write", to.string(), errno);
    give_away(to, owner_);
    return hash.finish().text();
  }

  // Every part with its length before it, so that no two different trees make the same text.
  [[nodiscard]] base::Digest digest() const {
    base::Sha256 hash;
    for (const auto& entry : entries_) {
      const auto path = entry.relative.string();
      const auto mode = S_ISLNK(entry.mode) ? 0U : entry.mode & 0777U;
      hash.update(fmt::format("{:o} {:o} {} {} {} {}\n", entry.mode & static_cast<unsigned>(S_IFMT), mode, path.size(),
                              path, entry.content.size(), entry.content));
    }
    return hash.finish();
  }

  fs::path source_;
  fs::path target_;
  base::Identity owner_;
  Selection selection_;
  std::vector<Copied> entries_;     // in the order of a walk
  std::vector<std::size_t> files_;  // the regular ones among them
};

}  // namespace

Workspace copy_source(const fs::path& source, const buildpacks::ProjectDescriptor& project, const Platform& platform) {
  return Copier(source, project, platform).run();
}

}  // namespace lifecycle
