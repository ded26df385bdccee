// Looking a commit up in git before kpack is told of it: kpack takes a revision that is not there for a commit, and
// says nothing of a repository that it cannot reach.
#pragma once

#include <optional>
#include <string>

#include "concourse/context.hpp"
#include "git/object_id.hpp"
#include "kpack_image/source.hpp"

namespace kpack_image {

enum class Sight {
  there,
  absent,   // the repository has no such revision
  unknown,  // the repository does not let one look; the log says why
};

struct Looked {
  Sight sight = Sight::unknown;
  std::optional<git::ObjectId> commit;  // of a branch or a tag: the one that it names
};

// `revision` is a commit, a branch or a tag. A repository that asks for credentials which source.git does not give, and
// one that this program does not reach by any protocol, are unknown. Error{denied} for credentials that are refused,
// {transient} for a repository that cannot be reached.
[[nodiscard]] Looked look_up(const std::string& repository, const std::string& revision, const Source& source,
                             concourse::Context& context);

}  // namespace kpack_image
