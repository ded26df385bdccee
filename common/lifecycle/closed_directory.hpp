// A directory that nobody but this process's user can enter while it lives: the inputs of a put, which Concourse mounts
// side by side below one directory, are not the buildpacks' business (kubeconfigs, keys, other repositories).
#pragma once

#include <filesystem>
#include <sys/types.h>

#include "base/file_descriptor.hpp"

namespace lifecycle {

class ClosedDirectory {
 public:
  // Its owner and mode are remembered. Error{internal} when it cannot be closed.
  explicit ClosedDirectory(const std::filesystem::path& directory);
  // Opens it as it was, also when the step was told to end.
  ~ClosedDirectory();
  ClosedDirectory(const ClosedDirectory&) = delete;
  ClosedDirectory& operator=(const ClosedDirectory&) = delete;

 private:
  base::FileDescriptor directory_;
  uid_t user_ = 0;
  gid_t group_ = 0;
  mode_t mode_ = 0;
};

}  // namespace lifecycle
