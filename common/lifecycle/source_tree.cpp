#include "lifecycle/source_tree.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <set>
#include <unistd.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"
#include "git/sparse_patterns.hpp"
#include "lifecycle/layers.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t chunk_size = 256UL * 1024;
// Small files are hashed in batches: handing them out one by one would cost as much as reading them.
constexpr std::size_t batch = 64;

// Which entries of the source take part, by project.toml's patterns.
class Selection {
 public:
  Selection(const fs::path& application, const buildpacks::ProjectDescriptor& project)
      : prefix_(application.empty() ? "" : application.lexically_normal().string() + "/"),
        include_(project.include),
        exclude_(project.exclude) {}

  [[nodiscard]] bool takes(std::string_view path, mode_t mode) const {
    if (path == ".git" || path.starts_with(".git/")) return false;
    // The patterns are the application's: what lies beside it is taken whole.
    if (!path.starts_with(prefix_)) return true;
    const auto name = std::string(path.substr(prefix_.size())) + (S_ISDIR(mode) ? "/" : "");
    // A directory of a list of what is included is made when something in it is.
    if (!include_.empty()) return !S_ISDIR(mode) && include_.chooses(name);
    return exclude_.empty() || !exclude_.chooses(name);
  }
  [[nodiscard]] bool has_patterns() const { return !include_.empty() || !exclude_.empty(); }
  [[nodiscard]] bool makes_parents() const { return !include_.empty(); }

 private:
  std::string prefix_;
  git::SparsePatterns include_;
  git::SparsePatterns exclude_;
};

class Examiner {
 public:
  Examiner(const fs::path& root, const fs::path& application, const buildpacks::ProjectDescriptor& project)
      : selection_(application, project) {
    tree_.root = root;
  }

  SourceTree run() {
    select(list_tree(tree_.root));
    hash();
    tree_.digest = digest();
    return std::move(tree_);
  }

 private:
  void select(const std::vector<TreeEntry>& listed) {
    const auto skipped = tree_.root.string().size() + 1;
    std::map<std::string_view, mode_t> directories;
    std::vector<std::string> names;
    names.reserve(listed.size());
    for (const auto& entry : listed) {
      if (entry.path == tree_.root) continue;
      const auto& name = names.emplace_back(entry.path.string().substr(skipped));
      if (S_ISDIR(entry.status.st_mode)) directories[name] = entry.status.st_mode;
      if (!selection_.takes(name, entry.status.st_mode)) {
        ++left_out_;
        continue;
      }
      if (selection_.makes_parents()) add_parents(name, directories);
      add(name, entry.status);
    }
    const bool leaves_nothing = std::none_of(tree_.entries.begin(), tree_.entries.end(),
                                             [](const auto& entry) { return !S_ISDIR(entry.mode); });
    if (leaves_nothing && left_out_ > 0 && selection_.has_patterns()) {
      throw Error(ErrorKind::usage,
                  {"build", tree_.root.string(), "include or exclude of the project descriptor leave no file of it",
                   "they are patterns as in .gitignore, from the application's directory on"});
    }
  }

  void add_parents(const std::string& name, const std::map<std::string_view, mode_t>& directories) {
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
      const auto parent = name.substr(0, slash);
      if (!made_.insert(parent).second) continue;
      tree_.entries.push_back({parent, directories.at(parent), 0, ""});
    }
  }

  void add(const std::string& name, const struct stat& status) {
    SourceEntry entry{name, status.st_mode, 0, ""};
    if (S_ISDIR(status.st_mode)) {
      if (!made_.insert(name).second) return;
    } else if (S_ISLNK(status.st_mode)) {
      entry.content = fs::read_symlink(tree_.root / name).string();
    } else if (S_ISREG(status.st_mode)) {
      entry.size = static_cast<std::uint64_t>(status.st_size);
      tree_.bytes += entry.size;
      files_.push_back(tree_.entries.size());
    } else {
      throw Error(ErrorKind::usage, {"copy", (tree_.root / name).string(),
                                     "it is neither a file nor a directory nor a link", "remove it from the source"});
    }
    tree_.entries.push_back(std::move(entry));
  }

  void hash() {
    const auto batches = (files_.size() + batch - 1) / batch;
    base::for_each_parallel(batches, base::cores(), [&](std::size_t i) {
      base::throw_if_terminated();
      for (auto at = i * batch; at < std::min(files_.size(), (i + 1) * batch); ++at) {
        auto& entry = tree_.entries[files_[at]];
        const auto path = tree_.root / entry.path;
        const auto file = base::open_file(path, base::Links::refused);
        entry.content = hash_source_file(file.get(), path).text();
      }
    });
  }

  // Every part with its length before it, so that no two different trees make the same text.
  [[nodiscard]] base::Digest digest() const {
    base::Sha256 hash;
    for (const auto& entry : tree_.entries) {
      const auto mode = S_ISLNK(entry.mode) ? 0U : entry.mode & 07777U;
      hash.update(fmt::format("{:o} {:o} {} {} {} {}\n", entry.mode & static_cast<unsigned>(S_IFMT), mode,
                              entry.path.size(), entry.path, entry.content.size(), entry.content));
    }
    return hash.finish();
  }

  Selection selection_;
  SourceTree tree_;
  std::vector<std::size_t> files_;  // the regular ones among the entries
  std::set<std::string> made_;      // directories
  std::size_t left_out_ = 0;
};

}  // namespace

SourceTree examine_tree(const fs::path& root, const fs::path& application,
                        const buildpacks::ProjectDescriptor& project) {
  return Examiner(root, application, project).run();
}

base::Digest hash_source_file(int file, const fs::path& path, const std::function<void(std::string_view)>& take) {
  // A buffer for each file would cost more than a small file does.
  thread_local std::vector<char> buffer(chunk_size);
  base::Sha256 hash;
  while (true) {
    const ssize_t count = read(file, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("read", path.string(), errno);
    if (count == 0) return hash.finish();
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    hash.update(bytes);
    if (take) take(bytes);
  }
}

}  // namespace lifecycle
