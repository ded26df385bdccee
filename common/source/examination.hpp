// Which commits of a history are versions: by their messages at once, by their paths with as few trees as that takes,
// fetched when the history came without them.
#pragma once

#include <optional>
#include <vector>

#include "git/object_store.hpp"
#include "git/remote.hpp"
#include "source/source.hpp"

namespace source {

// What a history must be fetched with for this source: "tree:0"; where paths are compared, the trees as deep as their
// patterns, or "blob:none". A depth of two and more keeps the files above it (git-rev-list, "--filter=tree"), which
// nobody needs, unless filters are combined. Empty where the server cannot filter.
[[nodiscard]] std::string history_filter(const Source& source, git::Remote& remote);

// How commits belong together, for servers that can be asked for no single one.
enum class Arrangement {
  chain,  // first parents, newest first
  tips,   // each named by a ref
};

// Of some commits the ones that pass the source's filters, in the same order. A commit's paths are what differs from
// its first parent; a root commit's are all it has.
[[nodiscard]] std::vector<git::Commit> passing(const std::vector<git::Commit>& commits, Arrangement arrangement,
                                               const Source& source, git::ObjectStore& store, git::Remote& remote);

}  // namespace source
