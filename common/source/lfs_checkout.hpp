// The contents of Git LFS pointers in a checkout: asked for by the batch API beside the repository, downloaded,
// verified against the pointers, and put in their place.
#pragma once

#include "concourse/context.hpp"
#include "git/working_copy.hpp"
#include "source/connection.hpp"

namespace source {

// Error{usage} for a repository reached by ssh that does not say where its LFS server is; those of http::Client and
// git/lfs.hpp.
void check_out_lfs(const git::WorkingCopy& copy, const Access& access, const Connection& connection,
                   const Source& source, concourse::Context& context);

}  // namespace source
