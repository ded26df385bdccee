// The branch that a source follows, as the repository has it now.
#pragma once

#include <optional>
#include <string>

#include "git/remote.hpp"
#include "source/source.hpp"

namespace source {

struct Head {
  std::optional<std::string> branch;  // without "refs/heads/"; nothing for a detached HEAD
  git::ObjectId commit;
};

// The ref prefixes that find_head() needs.
[[nodiscard]] std::vector<std::string> head_prefixes(const Source& source);
// Nothing for a repository without commits. Error{not_found} for a branch that does not exist in one that has some.
[[nodiscard]] std::optional<Head> find_head(const Source& source, const git::RemoteRefs& refs, git::Remote& remote);
[[nodiscard]] std::optional<Head> find_head(const Source& source, git::Remote& remote);

}  // namespace source
