// Whether a commit changed any path that a pathspec means, found without reading more trees than that takes: equal
// subtrees have equal names, and subtrees that the pathspec does not mean are never looked at.
#pragma once

#include <optional>
#include <set>

#include "git/object_store.hpp"
#include "git/pathspec.hpp"

namespace git {

enum class Change { none, some, unknown };

// Compares two trees; no `before` for a root commit. Trees that the answer needs and the store has not are added to
// `missing`; the answer is `unknown` then, unless it is known without them.
[[nodiscard]] Change changes(const ObjectStore& store, const std::optional<ObjectId>& before, const ObjectId& after,
                             const Pathspec& paths, std::set<ObjectId>& missing);

}  // namespace git
