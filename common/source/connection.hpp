// What a step of the source kind talks to a repository with.
#pragma once

#include <memory>

#include "clouds/github_tokens.hpp"
#include "concourse/context.hpp"
#include "git/remote.hpp"
#include "git/ssh_client.hpp"
#include "http/client.hpp"
#include "source/source.hpp"

namespace source {

struct Connection {
  std::unique_ptr<http::Client> http;  // none for local paths and ssh
  std::shared_ptr<const git::SshClient> ssh;
  std::unique_ptr<git::Remote> remote;
};

// One repository and what opens it: the source's own, or a submodule's.
struct Access {
  git::Location named;     // as the pipeline or .gitmodules names it
  git::Location location;  // where it is reached
  std::optional<http::Credentials> credentials;
  std::shared_ptr<clouds::GithubTokens> github;  // instead of them
  git::SshOptions ssh;
  std::string credential_fields;  // as errors name them: "source.username and source.password"
};

// Makes every credential of the source known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Access open_access(const Source& source, concourse::Context& context);
// What opens repositories by ssh, wherever they are.
[[nodiscard]] git::SshOptions ssh_options_of(const Source& source);

// For other servers that belong to the repository: its credentials go to the repository's own origin alone.
[[nodiscard]] std::unique_ptr<http::Client> make_http_client(const Access& access, const Source& source,
                                                             concourse::Context& context);
// A repository, the source's own or another, with the source's settings for certificates and proxies.
[[nodiscard]] Connection connect(const Access& access, const Source& source, concourse::Context& context);

}  // namespace source
