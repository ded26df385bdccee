// A repository in a directory of this machine, read by libgit2: for machines without a git-upload-pack program. It
// gives what that program would: filters "tree:0" and "blob:none", depth, and exactly what the haves lack.
#pragma once

#include <filesystem>
#include <memory>

#include "git/field_names.hpp"
#include "git/remote.hpp"

namespace git {

// Error{not_found} when the directory holds no repository.
[[nodiscard]] std::unique_ptr<Remote> make_local_remote(const std::filesystem::path& repository,
                                                        const FieldNames& fields);

}  // namespace git
