// check of the source kind: the commits that are news since a version, oldest first, along first parents. One ls-refs
// exchange says whether there is news at all; then exactly the news is fetched, without trees or files where the
// filters do not need them.
#pragma once

#include <vector>

#include "concourse/context.hpp"
#include "concourse/request.hpp"
#include "concourse/version.hpp"
#include "source/source.hpp"

namespace source {

// `request` is what `source` was read from. Versions are {ref}: a commit. No version given, or one that the repository
// has not (any more): the newest version_depth commits that pass the filters. Errors: {not_found} a branch that does
// not exist; those of git::Remote.
[[nodiscard]] std::vector<concourse::Version> check(const Source& source, const concourse::Request& request,
                                                    concourse::Context& context);

}  // namespace source
