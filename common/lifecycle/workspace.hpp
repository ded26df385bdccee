// The application's folder as buildpacks find it: a copy of the source for the builder's user.
#pragma once

#include "lifecycle/platform.hpp"
#include "lifecycle/source_tree.hpp"

namespace lifecycle {

// On every core. Links are copied as they are; setuid, setgid and sticky bits stay. platform.workspace is an empty
// directory of the builder's user. Error{usage} when a file no longer is what was examined: what was decided and
// recorded by its digest would be of another source.
void copy_source(const SourceTree& tree, const Platform& platform);

}  // namespace lifecycle
