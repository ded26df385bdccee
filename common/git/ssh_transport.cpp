#include "git/ssh_transport.hpp"

#include <array>
#include <fmt/format.h>
#include <unistd.h>

#include "base/askpass.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/process.hpp"
#include "git/process_transport.hpp"
#include "git/ssh_tunnel.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

constexpr http::RetryPolicy connecting{.attempts = 3};

// One argument of the command line that the host's shell reads.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '!') {
      result += fmt::format("'\\{}'", c);
    } else {
      result += c;
    }
  }
  return result + "'";
}

// "~ann/app" is for the host's shell to expand, so the tilde and the name stand outside the quotes.
std::string quoted_path(std::string_view path) {
  if (!path.starts_with('~')) return quoted(path);
  const auto slash = path.find('/');
  const auto home = path.substr(0, slash);
  if (home.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 1) !=
      std::string_view::npos) {
    return quoted(path);
  }
  return std::string(home) + (slash == std::string_view::npos ? "" : quoted(path.substr(slash)));
}

// OpenSSH refuses a key without a last newline, and one with carriage returns: YAML and web forms make both.
std::string key_file(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c != '\r') text += c;
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

Error explain(const std::string& shown, std::string_view errors, const base::ExitStatus& status) {
  const auto says = [&](std::string_view words) { return errors.find(words) != std::string_view::npos; };
  const auto error = [&](ErrorKind kind, std::string cause, std::string remedy) {
    return Error(kind, {"read", shown, std::move(cause), std::move(remedy)});
  };
  if (const auto begin = errors.find(tunnel_complaint); begin != std::string_view::npos) {
    const auto line = errors.substr(begin + tunnel_complaint.size());
    return error(says("HTTP status 407") ? ErrorKind::denied : ErrorKind::transient,
                 std::string(line.substr(0, line.find('\n'))), "check source.https_tunnel");
  }
  if (says("Host key verification failed")) {
    const bool changed = says("IDENTIFICATION HAS CHANGED") || says("REVOKED");
    return error(ErrorKind::denied,
                 changed ? "the host's key is not the one in known_hosts" : "the host's key is not in known_hosts",
                 "check source.known_hosts (ssh-keyscan prints a host's keys)");
  }
  if (says("incorrect passphrase") || says("bad decrypt") || says("bad passphrase")) {
    return error(ErrorKind::denied, "the passphrase does not open the key", "check source.private_key_passphrase");
  }
  if (says("invalid format") || says("error in libcrypto")) {
    return error(ErrorKind::denied, "the private key cannot be read", "check source.private_key and its passphrase");
  }
  if (says("Permission denied (")) {
    return error(
        ErrorKind::denied, "the host refuses the key",
        "check source.private_key, its passphrase, and the user name in source.uri or source.private_key_user");
  }
  if (says("does not appear to be a git repository") || says("not found") || says("could not be found")) {
    return error(ErrorKind::not_found, "there is no such repository", "check source.uri");
  }
  while (errors.ends_with('\n') || errors.ends_with('\r')) errors.remove_suffix(1);
  const auto newline = errors.rfind('\n');
  const auto last = errors.substr(newline == std::string_view::npos ? 0 : newline + 1);
  return error(ErrorKind::transient, last.empty() ? "ssh: " + base::describe(status) : std::string(last), "");
}

// The directory, the agent and the process that a conversation needs, taken down in the right order.
class SshTransport final : public Transport {
 public:
  SshTransport(const SshLocation& location, const SshOptions& options, std::string shown,
               const base::Environment& environment, base::Random& random, base::Log& log)
      : directory_("ssh", "/tmp"), shown_(std::move(shown)), random_(random), log_(log) {
    if (options.agent_forwarding == SshOptions::AgentForwarding::on) start_agent(environment);
    ProcessTransportOptions process;
    process.shown = shown_;
    process.command.program = "ssh";
    process.command.environment = environment_for(options, environment);
    process.command.arguments = arguments_for(location, options, process.command.environment, log);
    process.explain = [shown = shown_](const std::string& errors, const base::ExitStatus& status) {
      return explain(shown, errors, status);
    };
    inner_ = make_process_transport(std::move(process));
  }

  // A host that is restarting, or has too many at its door (sshd's MaxStartups), may answer the next time.
  void advertise(PacketReceiver& receiver) override {
    for (int attempt = 1;; ++attempt) {
      try {
        return inner_->advertise(receiver);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::transient) throw;
        const auto delay = http::next_delay(connecting, attempt + 1, std::nullopt, random_);
        if (!delay) throw;
        log_.warning(fmt::format("{}: {}; attempt {} of {} in {}", shown_, base::printable(error.report().cause),
                                 attempt + 1, connecting.attempts, base::human_duration(*delay)));
        log_.clock().sleep(*delay);
      }
    }
  }
  void request(std::string_view body, PacketReceiver& receiver) override { inner_->request(body, receiver); }
  [[nodiscard]] Session session() const override { return inner_->session(); }
  void hang_up() override { inner_->hang_up(); }
  [[nodiscard]] std::string shown() const override { return shown_; }

 private:
  [[nodiscard]] std::string file(const char* name) const { return (directory_.path() / name).string(); }

  void start_agent(const base::Environment& environment) {
    base::Command agent;
    agent.program = "ssh-agent";
    agent.arguments = {"-D", "-a", file("agent")};
    agent.environment = {{"PATH", environment.get_or("PATH", "/usr/bin:/bin")}};
    agent.output = agent.errors = base::Stream::null;
    agent_ = std::make_unique<base::Process>(agent);
    for (int i = 0; i < 200 && access(file("agent").c_str(), F_OK) != 0; ++i) {
      if (agent_->wait(std::chrono::milliseconds(10))) break;
    }
  }

  std::map<std::string, std::string, std::less<>> environment_for(const SshOptions& options,
                                                                  const base::Environment& environment) {
    std::map<std::string, std::string, std::less<>> result{
        {"PATH", environment.get_or("PATH", "/usr/bin:/bin")}, {"LC_ALL", "C"}, {"GIT_PROTOCOL", "version=2"}};
    if (agent_) result["SSH_AUTH_SOCK"] = file("agent");
    if (!options.passphrase.empty()) {
      base::write_file(file("passphrase"), options.passphrase.reveal(), 0600);
      // ssh asks a program for the passphrase, and this program is it.
      result["SSH_ASKPASS"] = base::askpass_program();
      result["SSH_ASKPASS_REQUIRE"] = "force";
      result[std::string(base::askpass_variable)] = file("passphrase");
    }
    return result;
  }

  std::vector<std::string> arguments_for(const SshLocation& location, const SshOptions& options,
                                         std::map<std::string, std::string, std::less<>>& environment, base::Log& log) {
    std::vector<std::string> arguments{"-F", "/dev/null", "-T", "-x"};
    const auto set = [&](std::string setting) {
      arguments.emplace_back("-o");
      arguments.push_back(std::move(setting));
    };
    set("SendEnv=GIT_PROTOCOL");
    set("PreferredAuthentications=publickey");
    set("ConnectTimeout=20");
    set("ServerAliveInterval=15");
    set("LogLevel=ERROR");
    set("NumberOfPasswordPrompts=1");
    set("UserKnownHostsFile=" + file("known_hosts"));
    // Nor may the machine know other hosts, nor the user's home have keys: only what is given counts.
    set("GlobalKnownHostsFile=/dev/null");
    if (options.private_key.empty()) set("IdentityFile=none");
    if (options.passphrase.empty()) set("BatchMode=yes");
    if (options.known_hosts.empty()) {
      log.warning(fmt::format("the key of host {} is trusted unseen: give source.known_hosts", location.host));
      set("StrictHostKeyChecking=accept-new");
    } else {
      base::write_file(file("known_hosts"), key_file(options.known_hosts), 0600);
      set("StrictHostKeyChecking=yes");
    }
    if (!options.private_key.empty()) {
      base::write_file(file("key"), key_file(options.private_key.reveal()), 0600);
      set("IdentityFile=" + file("key"));
      set("IdentitiesOnly=yes");
    }
    if (agent_) {
      set("ForwardAgent=yes");
      set("AddKeysToAgent=yes");
    }
    if (options.tunnel) {
      std::vector<std::string> settings;
      tunnel_ssh(*options.tunnel, location, file("tunnel"), environment, settings);
      for (auto& setting : settings) set(std::move(setting));
    }
    if (location.port) arguments.insert(arguments.end(), {"-p", std::to_string(*location.port)});
    const std::string& user = options.user.empty() ? location.user : options.user;
    if (!user.empty()) arguments.insert(arguments.end(), {"-l", user});
    arguments.insert(arguments.end(), {"--", location.host, "git-upload-pack " + quoted_path(location.path)});
    return arguments;
  }

  base::TemporaryDirectory directory_;
  std::string shown_;
  base::Random& random_;
  base::Log& log_;
  std::unique_ptr<base::Process> agent_;
  std::unique_ptr<Transport> inner_;
};

}  // namespace

std::unique_ptr<Transport> make_ssh_transport(const SshLocation& location, const SshOptions& options,
                                              const std::string& shown, const base::Environment& environment,
                                              base::Random& random, base::Log& log) {
  if (!base::find_program("ssh", environment.get_or("PATH", "/usr/bin:/bin"))) {
    throw Error(ErrorKind::usage, {"read", shown, "there is no ssh program", "install openssh-client, or use https"});
  }
  return std::make_unique<SshTransport>(location, options, shown, environment, random, log);
}

}  // namespace git
