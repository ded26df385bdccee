// The content of an image's layers, entry by entry as the reference lifecycle writes it, so that the same files give
// the same diffIDs: order, names, owners, times (LayerWriter's callers run as the builder's user, FilesAsBuilder).
#pragma once

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "archive/tar_writer.hpp"
#include "base/process.hpp"
#include "buildpacks/outputs.hpp"

namespace lifecycle {

// 1980-01-01T00:00:01Z, in every entry.
inline constexpr std::int64_t layer_time = 315'532'801;

struct TreeEntry {
  std::filesystem::path path;
  struct stat status {};
};

// A directory and all that is below it, in the order of a walk: names sorted within each directory.
// Error{usage} beyond four million entries.
[[nodiscard]] std::vector<TreeEntry> list_tree(const std::filesystem::path& root);

// The directories above `path`, outermost first, without "/".
[[nodiscard]] std::vector<TreeEntry> list_parents(const std::filesystem::path& path);

// The parents with their real owners, then the entries as the builder's user's. Sockets are left out, hard links become
// files. Error{usage} when a file changes while it is read.
void write_entries(archive::TarWriter& tar, const std::vector<TreeEntry>& parents,
                   const std::vector<TreeEntry>& entries, const base::Identity& owner);
void write_directory(archive::TarWriter& tar, const std::filesystem::path& directory, const base::Identity& owner);

// /cnb/lifecycle/launcher, root's.
void write_launcher(archive::TarWriter& tar, const std::filesystem::path& launcher);
// /cnb/process/<type> -> the launcher.
void write_process_types(archive::TarWriter& tar, const std::vector<buildpacks::Process>& processes);

// The application cut into slices: one list of entries for each slice, and a last one of the rest, each sorted by the
// bytes of the path. A path is a pattern as Go's filepath.Match knows it, relative to the application's directory.
[[nodiscard]] std::vector<std::vector<TreeEntry>> slice(const std::filesystem::path& application,
                                                        const std::vector<buildpacks::Slice>& slices);

}  // namespace lifecycle
