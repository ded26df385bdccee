// What a get fetches: the commit of its version with as much history as params ask for, the refs that belong to it,
// and their objects.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "concourse/version.hpp"
#include "git/object_store.hpp"
#include "git/remote.hpp"
#include "source/head.hpp"
#include "source/params.hpp"
#include "source/source.hpp"

namespace source {

struct Retrieved {
  git::ObjectId commit;
  std::optional<std::string> branch;          // the branch that was cloned
  std::map<std::string, git::ObjectId> refs;  // to be written: branches, remote branches, tags, notes
  std::map<std::string, git::ObjectId> tags;  // short names, with the commits they point at
  std::vector<git::ObjectId> shallow;
};

// `ref` is a commit, a tag, a branch or HEAD. Error{not_found} when the repository has it no more.
[[nodiscard]] Retrieved retrieve(const concourse::Version& version, const Source& source, const InParams& params,
                                 git::Remote& remote, git::ObjectStore& store, base::Log& log);

}  // namespace source
