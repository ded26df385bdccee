// Where people read a commit, and who wrote it, on the pages of hosting services. The addresses come from outside: what
// is not of a URL is percent-encoded, and credentials never get into a page's address.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "git/object_id.hpp"

namespace git {

// Which service a host is: told by its name (github, gitlab, bitbucket, gitea, gogs, forgejo or codeberg in it, or
// *.ghe.com), or known to be GitHub.
enum class Host { by_name, github };

// The page of a commit of the repository at `origin`, where the host is one of these.
[[nodiscard]] std::optional<std::string> commit_page(std::string_view origin, const ObjectId& commit,
                                                     Host host = Host::by_name);

// The page of an author: of the account where the address is one that the service gives out to hide the author's own
// (1+ann@users.noreply.github.com), else of the commits by this author up to `commit`, on GitHub and GitLab.
[[nodiscard]] std::optional<std::string> author_page(std::string_view origin, const ObjectId& commit,
                                                     std::string_view name, std::string_view email,
                                                     Host host = Host::by_name);

}  // namespace git
