// git over ssh: an `ssh` process that runs git-upload-pack on the host.
#pragma once

#include <memory>
#include <string>

#include "base/log.hpp"
#include "base/random.hpp"
#include "git/ssh_client.hpp"
#include "git/transport.hpp"

namespace git {

// Errors: those of SshClient; a host that does not answer is asked three times.
[[nodiscard]] std::unique_ptr<Transport> make_ssh_transport(const SshLocation& location,
                                                            std::shared_ptr<const SshClient> client,
                                                            base::Random& random, base::Log& log);

}  // namespace git
