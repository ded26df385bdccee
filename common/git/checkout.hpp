// The files of an index, written into a directory that holds none of them yet, by every core: what a checkout costs is
// inflating blobs and making files, and neither waits for the other file's. libgit2's own checkout does both in one
// thread, and asks the disk first about files that cannot be there.
#pragma once

#include <filesystem>
#include <sys/stat.h>

#include "git/library.hpp"

namespace git {

enum class Filtering {
  off,                // contents are written as they are
  as_attributes_say,  // line endings and ident (gitattributes(5)); no filter of the configuration is ever run
};

// Writes every entry of `index` that is not marked as left out (GIT_INDEX_ENTRY_SKIP_WORKTREE), and notes in the index
// what the disk says of each file, so that git sees at a glance that it is unchanged. The index is that of
// `repository`, made of `tree`, and its names have been validated; nothing is followed and nothing replaced: what
// stands in the way is an error. Errors: {protocol} for an entry that is neither a file nor a link nor a submodule, and
// for a blob that is not there; {internal} for a disk that refuses; Aborted. What was written before an error stays:
// the caller owns the directory.
void write_files(git_repository* repository, git_index* index, const git_oid& tree,
                 const std::filesystem::path& directory, Filtering filtering);

// What an index says of an unchanged file (gitformat-index): git compares it with the disk before it reads anything.
void note_file(git_index_entry& entry, const struct stat& status);

}  // namespace git
