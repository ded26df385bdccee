// What a build would see of a source: listed and hashed where it lies, so that a source that did not change is never
// copied.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/digest.hpp"
#include "buildpacks/project_descriptor.hpp"

namespace lifecycle {

struct SourceEntry {
  std::string path;  // relative to the source
  mode_t mode = 0;
  std::uint64_t size = 0;
  std::string content;  // a file's digest, a link's target
};

struct SourceTree {
  std::filesystem::path root;
  std::vector<SourceEntry> entries;  // in the order of a walk: a directory before what is in it
  std::uint64_t bytes = 0;           // of regular files
  // Of every entry's path, type, mode and content: equal for two sources exactly when a build sees the same.
  base::Digest digest = base::Sha256::of("");
};

// Without the root's .git (whose content differs between two checkouts of one commit) and without what the project
// descriptor leaves out of `application`, the directory below the root that its patterns are of; empty: the root
// itself. Files are hashed on every core. Error{usage} when the source holds what cannot be copied (devices, sockets),
// or when the patterns leave nothing.
[[nodiscard]] SourceTree examine_tree(const std::filesystem::path& root, const std::filesystem::path& application,
                                      const buildpacks::ProjectDescriptor& project);

// The digest of a file of the source; `take` sees its bytes. A buffer of the thread is used.
[[nodiscard]] base::Digest hash_source_file(int file, const std::filesystem::path& path,
                                            const std::function<void(std::string_view)>& take = {});

}  // namespace lifecycle
