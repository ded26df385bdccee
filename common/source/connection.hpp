// What a step of the source kind talks to a repository with.
#pragma once

#include <memory>

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
  git::SshOptions ssh;
  std::string credential_fields;  // as errors name them: "source.username and source.password"
};

[[nodiscard]] Access access_of(const Source& source);

// Makes every credential of the source known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Connection connect(const Source& source, concourse::Context& context);
// For other servers that belong to the repository: its credentials go to the repository's own origin alone.
[[nodiscard]] std::unique_ptr<http::Client> make_http_client(const Access& access, const Source& source,
                                                             concourse::Context& context);
// Another repository, with the source's settings for certificates and proxies.
[[nodiscard]] Connection connect(const Access& access, const Source& source, concourse::Context& context);

}  // namespace source
