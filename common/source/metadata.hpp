// What a get says of its commit: the metadata on the build's page, and the files below .git that tasks read. Names and
// contents are the git resource's (docs/source.md lists them).
#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "concourse/version.hpp"
#include "git/commit_page.hpp"
#include "git/object_store.hpp"
#include "git/working_copy.hpp"
#include "source/params.hpp"

namespace source {

struct Description {
  git::Commit commit;
  std::string ref;                    // as the version names it: a commit or a tag
  std::vector<std::string> branches;  // local branches that point at the commit
  std::vector<std::string> tags;      // tags that point at it
  std::string origin;                 // the repository's address, without credentials
  std::string described;              // by `git describe`
  git::Host host = git::Host::by_name;
};

[[nodiscard]] concourse::Metadata metadata_of(const Description& description);

void write_files(const git::WorkingCopy& copy, const Description& description, const concourse::Metadata& metadata,
                 const InParams& params, base::WallTime now);

}  // namespace source
