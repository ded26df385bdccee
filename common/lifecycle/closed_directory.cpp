#include "lifecycle/closed_directory.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"

namespace lifecycle {

ClosedDirectory::ClosedDirectory(const std::filesystem::path& directory)
    : directory_(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  struct stat status {};
  if (!directory_ || fstat(directory_.get(), &status) != 0) {
    throw base::system_error("close to buildpacks", directory.string(), errno);
  }
  user_ = status.st_uid;
  group_ = status.st_gid;
  mode_ = status.st_mode & 07777U;
  // The owner may always enter: it must not be the builder's user.
  if (fchown(directory_.get(), geteuid(), getegid()) != 0 || fchmod(directory_.get(), 0700) != 0) {
    throw base::system_error("close to buildpacks", directory.string(), errno);
  }
}

ClosedDirectory::~ClosedDirectory() {
  // Nobody but this step uses the directory: what cannot be undone harms nothing.
  if (fchown(directory_.get(), user_, group_) == 0) static_cast<void>(fchmod(directory_.get(), mode_));
}

}  // namespace lifecycle
