// What other file systems make of the name of a file: a checkout may be copied to one that folds case (NTFS, APFS),
// that composes Unicode or that passes over characters, and two names are one there, or one is ".git".
#pragma once

#include <string>
#include <string_view>

namespace git {

// Whether NTFS or HFS+ would take it for ".git" (git-config(1), core.protectNTFS and core.protectHFS).
[[nodiscard]] bool is_git_directory(std::string_view name);

// Equal for names that are one where case and the composition of Latin letters do not count.
[[nodiscard]] std::string folded(std::string_view name);

// Whether the target of a symbolic link passes through a repository's own hooks or submodules, or is a .git directory
// itself: what is written through it would be run, or be a repository's settings. Links to what tools keep in .git
// (git-annex) are left alone.
[[nodiscard]] bool leads_into_git_directory(std::string_view target);

}  // namespace git
