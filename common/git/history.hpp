// The order of a whole history: what a list of versions along several tips follows.
#pragma once

#include <vector>

#include "git/object_store.hpp"

namespace git {

// The commits on the first-parent lines of `tips`, as far as they are in the store: each after all of its ancestors,
// and among those that could be next, by committer date and then by name. Tips that are not commits are passed over.
[[nodiscard]] std::vector<ObjectId> first_parent_lines(const ObjectStore& store, const std::vector<ObjectId>& tips);

}  // namespace git
