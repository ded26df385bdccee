// What a checkout would write, before it begins. Ten trees of ten entries each, one in the other, are a kilobyte on the
// wire and ten thousand million files on the disk; and a tree that names an entry twice, as a symlink and as a
// directory, makes libgit2 write through the link.
#pragma once

#include "git/object_store.hpp"

namespace git {

// Error{protocol} for a tree with more than five million files, nested deeper than a path can be, with a name that
// cannot be one, with one twice, or with a link and a directory that only case tells apart. Each tree is read once,
// however often it is used; trees that are not in the store are left to whoever needs them. Names like ".git" are the
// checkout's to refuse.
void require_sound(const ObjectStore& store, const ObjectId& tree);

}  // namespace git
