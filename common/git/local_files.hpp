// What lies in a git directory of this machine that others may have made. libgit2 opens what it finds there, and a FIFO
// or a device would hold it until the end of time, so only files and directories may be there.
#pragma once

#include <filesystem>

namespace git {

// Looks at all that a repository's files lead to: its .git directory or file, a common directory, alternates and links.
// Error{protocol} naming what is neither a regular file nor a directory, or when there are more than a million entries.
void require_regular_files(const std::filesystem::path& repository);

}  // namespace git
