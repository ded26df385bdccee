// Where people read a commit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "git/object_id.hpp"

namespace git {

// The page of a commit where the host of `origin` is GitHub, GitLab, Bitbucket, Gitea or Gogs.
[[nodiscard]] std::optional<std::string> commit_page(std::string_view origin, const ObjectId& commit);

}  // namespace git
