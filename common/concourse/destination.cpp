#include "concourse/destination.hpp"

#include <vector>

#include "base/error.hpp"

namespace concourse {
namespace {

namespace fs = std::filesystem;

std::set<fs::path> entries_of(const fs::path& directory) {
  std::error_code failed;
  fs::directory_iterator entries(directory, failed);
  if (failed) throw base::system_error("read", directory.string(), failed.value());
  std::set<fs::path> result;
  for (const auto& entry : entries) result.insert(entry.path().filename());
  return result;
}

}  // namespace

Destination::Destination(fs::path path) : path_(std::move(path)) {
  if (!path_.has_filename()) path_ = path_.parent_path();  // "dir/"
  std::error_code failed;
  // Concourse makes the destination; other callers may not have.
  fs::create_directories(path_, failed);
  if (failed) throw base::system_error("create the destination", path_.string(), failed.value());
  before_ = entries_of(path_);
}

Destination::~Destination() {
  if (kept_) return;
  std::error_code ignored;
  try {
    // remove_all() follows no symbolic link.
    for (const auto& name : entries_of(path_)) {
      if (!before_.contains(name)) fs::remove_all(path_ / name, ignored);
    }
  } catch (...) {  // NOLINT(bugprone-empty-catch): the clean-up of a failure has nobody to tell
  }
}

}  // namespace concourse
