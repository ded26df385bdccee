// The submodules of a checkout, as `git submodule update --init` leaves them. A submodule gets the source's own
// credentials only on the source's own host; others come from source.submodule_credentials.
#pragma once

#include "concourse/context.hpp"
#include "git/working_copy.hpp"
#include "source/connection.hpp"
#include "source/params.hpp"
#include "source/source.hpp"

namespace source {

// Error{usage} for a path in params.submodules that is not a submodule; a submodule that cannot be fetched fails the
// step.
void check_out_submodules(git::WorkingCopy& copy, const git::ObjectId& commit, const Access& parent,
                          const Source& source, const InParams& params, concourse::Context& context);

}  // namespace source
