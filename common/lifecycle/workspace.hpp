// The application's folder as buildpacks find it: a copy of the source for the builder's user, without its .git
// (whose content differs between two checkouts of one commit) and without what project.toml leaves out.
#pragma once

#include <filesystem>
#include <string>

#include "base/digest.hpp"
#include "buildpacks/project_descriptor.hpp"
#include "lifecycle/platform.hpp"

namespace lifecycle {

struct Workspace {
  std::size_t files = 0;    // entries of every type
  std::uint64_t bytes = 0;  // of regular files
  // Of every entry's path, type, mode and content: equal for two sources exactly when a build sees the same.
  base::Digest digest = base::Sha256::of("");
};

// Links are copied as they are; several files at once. Error{usage} when the source holds what cannot be copied
// (devices, sockets). `application` is an empty directory of the builder's user.
[[nodiscard]] Workspace copy_source(const std::filesystem::path& source, const buildpacks::ProjectDescriptor& project,
                                    const Platform& platform);

}  // namespace lifecycle
