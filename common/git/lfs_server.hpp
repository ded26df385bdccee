// Where the LFS server of a repository is, and what it wants to be told (git-lfs, docs/api/server-discovery.md): beside
// the repository where that is reached by http, and where the host says when it is reached by ssh.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "git/ssh_client.hpp"
#include "http/url.hpp"

namespace git {

struct LfsServer {
  http::Url url;  // the batch API is at <url>/objects/batch
  // For the batch API alone. Values may be secret.
  std::vector<std::pair<std::string, std::string>> headers;
};

// Where the batch API moved to, which an answer to its request redirects to: the request is repeated there. Headers of
// the server that moved do not go to another origin.
[[nodiscard]] LfsServer moved_lfs_server(const LfsServer& server, const http::Url& batch);

// The server at an address that a repository or a host gives, without the credentials in it; nothing for what is not
// an http(s) address.
[[nodiscard]] std::optional<LfsServer> lfs_server_at(std::string_view address);
// "https://host/app" and "https://host/app.git" have it at "https://host/app.git/info/lfs".
[[nodiscard]] LfsServer lfs_server_beside(http::Url repository);
// Runs git-lfs-authenticate on the host. A host that does not know the command has the server at the https address
// that is like the repository's. Errors: those of SshClient::explain; {protocol} for an answer of another form.
[[nodiscard]] LfsServer ask_for_lfs_server(const SshClient& ssh, const SshLocation& repository);
// What git-lfs-authenticate prints: {"href": "https://...", "header": {"Authorization": "..."}}.
[[nodiscard]] LfsServer parse_lfs_authentication(std::string_view text);

}  // namespace git
