// The files of an index, written into a directory that holds none of them yet, by every core: what a checkout costs is
// inflating blobs and making files, and neither waits for the other file's. libgit2's own checkout does both in one
// thread, and asks the disk first about files that cannot be there.
#pragma once

#include <filesystem>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "git/attributes.hpp"
#include "git/conversion.hpp"
#include "git/library.hpp"

namespace git {

// What the contents of a checkout's files depend on beside the objects.
struct Contents {
  const Attributes& attributes;
  LineEndings endings;
  const FieldNames& fields;
};

struct WrittenFiles {
  // "a/b (UTF-16)": files that could not be given the encoding that their attributes ask for, and are written as they
  // are, as git does.
  std::vector<std::string> not_encoded;
};

// Writes every entry of `index` that is not marked as left out (GIT_INDEX_ENTRY_SKIP_WORKTREE), and notes in the index
// what the disk says of each file, so that git sees at a glance that it is unchanged. `objects` is the repository's
// directory of that name. The names of the index have been validated; nothing is followed and nothing replaced: what
// stands in the way is an error. Large files go from the pack to the disk piece by piece. Errors: {protocol} for an
// entry that is neither a file nor a link nor a submodule, and for a blob that is not there; {usage} for an encoding
// that is not known; {internal} for a disk that refuses; Aborted. What was written before an error stays: the caller
// owns the directory.
WrittenFiles write_files(const std::filesystem::path& objects, git_index* index, const std::filesystem::path& directory,
                         const Contents& contents);

// What an index says of an unchanged file (gitformat-index): git compares it with the disk before it reads anything.
void note_file(git_index_entry& entry, const struct stat& status);

}  // namespace git
