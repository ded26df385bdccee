#include "lifecycle/workspace.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/regular_file.hpp"
#include "base/termination.hpp"
#include "base/write_all.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::size_t batch = 64;

[[noreturn]] void changed(const fs::path& path) {
  throw Error(ErrorKind::usage, {"copy", path.string(), "it changed while it was read",
                                 "a put's inputs must not be written to while it runs"});
}

class Copier {
 public:
  Copier(const SourceTree& tree, const Platform& platform)
      : tree_(tree), target_(platform.workspace), owner_(platform.identity) {}

  void run() {
    for (std::size_t i = 0; i < tree_.entries.size(); ++i) {
      base::throw_if_terminated();
      const auto& entry = tree_.entries[i];
      if (S_ISDIR(entry.mode)) {
        make_directory(entry);
      } else if (S_ISLNK(entry.mode)) {
        make_link(entry);
      } else {
        files_.push_back(i);
      }
    }
    base::for_each_parallel((files_.size() + batch - 1) / batch, base::cores(), [&](std::size_t i) {
      base::throw_if_terminated();
      for (auto at = i * batch; at < std::min(files_.size(), (i + 1) * batch); ++at) {
        copy_file(tree_.entries[files_[at]]);
      }
    });
    // Last, since a directory may forbid writing into it; the deepest first, for one may forbid to enter it, too.
    for (auto entry = tree_.entries.rbegin(); entry != tree_.entries.rend(); ++entry) {
      const auto to = target_ / entry->path;
      if (S_ISDIR(entry->mode) && chmod(to.c_str(), entry->mode & 07777U) != 0) {
        throw base::system_error("write", to.string(), errno);
      }
    }
  }

 private:
  void make_directory(const SourceEntry& entry) const {
    const auto to = target_ / entry.path;
    if (mkdir(to.c_str(), 0700) != 0) throw base::system_error("create", to.string(), errno);
    give_away(to);
  }

  void make_link(const SourceEntry& entry) const {
    const auto to = target_ / entry.path;
    if (symlink(entry.content.c_str(), to.c_str()) != 0) throw base::system_error("create", to.string(), errno);
    give_away(to);
  }

  void give_away(const fs::path& path) const {
    if (lchown(path.c_str(), owner_.user, owner_.group) != 0) {
      throw base::system_error("give away", path.string(), errno);
    }
  }

  void copy_file(const SourceEntry& entry) const {
    const auto from = tree_.root / entry.path;
    const auto to = target_ / entry.path;
    const auto input = base::open_file_if_exists(from, base::Links::refused);
    if (!input) changed(from);
    const base::FileDescriptor output(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!output) throw base::system_error("create", to.string(), errno);
    const auto digest =
        hash_source_file(input->get(), from, [&](std::string_view bytes) { base::write_all(output.get(), bytes, to); });
    if (digest.text() != entry.content) changed(from);
    // In this order: a change of the owner takes setuid and setgid away.
    if (fchown(output.get(), owner_.user, owner_.group) != 0 || fchmod(output.get(), entry.mode & 07777U) != 0) {
      throw base::system_error("write", to.string(), errno);
    }
  }

  const SourceTree& tree_;
  const fs::path& target_;
  base::Identity owner_;
  std::vector<std::size_t> files_;
};

}  // namespace

void copy_source(const SourceTree& tree, const Platform& platform) { Copier(tree, platform).run(); }

}  // namespace lifecycle
