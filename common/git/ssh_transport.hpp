// git over ssh: an `ssh` process that runs git-upload-pack on the host. No file of a user's home is read or written:
// key, passphrase and known hosts lie in a directory of this conversation's own, which goes with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "base/secret.hpp"
#include "git/location.hpp"
#include "git/transport.hpp"
#include "http/client.hpp"

namespace git {

struct SshOptions {
  base::Secret private_key;
  base::Secret passphrase;
  std::string user;  // instead of the location's
  enum class AgentForwarding { off, on } agent_forwarding = AgentForwarding::off;
  // In the format of a known_hosts file. Empty: a host is trusted at first sight, with a warning.
  std::string known_hosts;
  std::optional<http::Tunnel> tunnel;
};

// Errors: {denied} for a refused key, a wrong passphrase and a host key that is not the known one, {not_found} for
// the repository, {transient} for a host that does not answer, asked
// three times.
[[nodiscard]] std::unique_ptr<Transport> make_ssh_transport(const SshLocation& location, const SshOptions& options,
                                                            const std::string& shown,
                                                            const base::Environment& environment, base::Random& random,
                                                            base::Log& log);

}  // namespace git
