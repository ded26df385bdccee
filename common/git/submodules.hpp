// The submodules of a commit: what its .gitmodules says (gitmodules(5)) and which commits its tree names. The file is
// hostile: names become directories below .git, paths directories of the checkout, and both are checked here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "git/object_store.hpp"

namespace git {

struct Submodule {
  std::string name;
  std::string path;
  std::string url;                 // as written: it may be relative to the repository's
  std::string branch;              // for `submodule_remote`; empty: the default branch there, ".": the superproject's
  std::optional<ObjectId> commit;  // nothing where the tree has no such submodule
};

// Error{protocol} for names and paths that lead out or do not fit on a line, and for a .gitmodules that is not a
// regular file.
[[nodiscard]] std::vector<Submodule> submodules_of(const ObjectStore& store, const ObjectId& commit);

// Error{protocol} when some that are checked out together would share a git directory or a path, or when the git
// directory of one would lie in that of another ("a" and "a/hooks"): what one of them holds would run for the other.
void require_apart(const std::vector<Submodule>& submodules);

}  // namespace git
