// The `ssh` program as this one uses it: to run one command on a host. No file of a user's home is read or written:
// key, passphrase and known hosts lie in a directory of this client's own, which goes with it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/process.hpp"
#include "base/secret.hpp"
#include "git/field_names.hpp"
#include "git/location.hpp"
#include "http/proxy.hpp"

namespace git {

struct SshOptions {
  base::Secret private_key;
  base::Secret passphrase;
  std::string user;  // instead of the location's
  enum class AgentForwarding { off, on } agent_forwarding = AgentForwarding::off;
  // In the format of a known_hosts file. Empty: a host is trusted at first sight, with a warning.
  std::string known_hosts;
  std::optional<http::Tunnel> tunnel;
  FieldNames fields;
};

class SshClient {
 public:
  // `shown` is the repository, as errors name it. Error{usage} where there is no ssh program.
  SshClient(const SshLocation& location, const SshOptions& options, std::string shown,
            const base::Environment& environment, base::Log& log);

  // The process that runs `remote` on the host; the host's shell reads it.
  [[nodiscard]] base::Command command(std::string remote) const;
  // What went wrong, by what ssh wrote to its errors: {denied} for a refused key, a wrong passphrase and a host key
  // that is not the known one, {not_found} for the repository, {transient} for a host that does not answer.
  [[nodiscard]] base::Error explain(const std::string& errors, const base::ExitStatus& status) const;
  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  [[nodiscard]] std::string file(const char* name) const { return (directory_.path() / name).string(); }
  void start_agent(const base::Environment& environment);
  void set_environment(const SshOptions& options, const base::Environment& environment);
  void set_arguments(const SshLocation& location, const SshOptions& options, base::Log& log);

  base::TemporaryDirectory directory_;
  std::string shown_;
  FieldNames fields_;
  std::unique_ptr<base::Process> agent_;
  base::Command command_;  // with all but the command for the host
};

// One argument of a command line that the host's shell reads.
[[nodiscard]] std::string quoted_for_shell(std::string_view text);
// The same for a path: the host's shell expands the "~ann" that it may begin with.
[[nodiscard]] std::string quoted_path_for_shell(std::string_view path);

}  // namespace git
