#include "git/ssh_client.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/askpass.hpp"
#include "git/ssh_tunnel.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;

// OpenSSH refuses a key without a last newline, and one with carriage returns: YAML and web forms make both.
std::string key_file(std::string_view key) {
  std::string text;
  for (const char c : key) {
    if (c != '\r') text += c;
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

}  // namespace

std::string quoted_for_shell(std::string_view text) {
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
std::string quoted_path_for_shell(std::string_view path) {
  if (!path.starts_with('~')) return quoted_for_shell(path);
  const auto slash = path.find('/');
  const auto home = path.substr(0, slash);
  if (home.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", 1) !=
      std::string_view::npos) {
    return quoted_for_shell(path);
  }
  return std::string(home) + (slash == std::string_view::npos ? "" : quoted_for_shell(path.substr(slash)));
}

SshClient::SshClient(const SshLocation& location, const SshOptions& options, std::string shown,
                     const base::Environment& environment, base::Log& log)
    : directory_("ssh", "/tmp"), shown_(std::move(shown)), fields_(options.fields) {
  if (!base::find_program("ssh", environment.get_or("PATH", "/usr/bin:/bin"))) {
    throw Error(ErrorKind::usage, {"read", shown_, "there is no ssh program", "install openssh-client, or use https"});
  }
  command_.program = "ssh";
  if (options.agent_forwarding == SshOptions::AgentForwarding::on) start_agent(environment);
  set_environment(options, environment);
  set_arguments(location, options, log);
}

base::Command SshClient::command(std::string remote) const {
  base::Command command = command_;
  command.arguments.push_back(std::move(remote));
  return command;
}

base::Error SshClient::explain(const std::string& text, const base::ExitStatus& status) const {
  std::string_view errors = text;
  // ssh has one exit status for all of it, and in this locale these words.
  const auto says = [&](std::string_view words) { return errors.find(words) != std::string_view::npos; };
  const auto error = [&](ErrorKind kind, std::string cause, std::string remedy) {
    return Error(kind, {"read", shown_, std::move(cause), std::move(remedy)});
  };
  if (const auto complaint = read_tunnel_complaint(errors)) {
    const bool is_denied = complaint->kind == TunnelComplaint::Kind::denied;
    return error(is_denied ? ErrorKind::denied : ErrorKind::transient, complaint->text,
                 "check " + fields_.https_tunnel);
  }
  if (says("Host key verification failed")) {
    const bool changed = says("IDENTIFICATION HAS CHANGED") || says("REVOKED");
    return error(ErrorKind::denied,
                 changed ? "the host's key is not the one in known_hosts" : "the host's key is not in known_hosts",
                 fmt::format("check {} (ssh-keyscan prints a host's keys)", fields_.known_hosts));
  }
  if (says("incorrect passphrase") || says("bad decrypt") || says("bad passphrase")) {
    return error(ErrorKind::denied, "the passphrase does not open the key", "check " + fields_.private_key_passphrase);
  }
  if (says("invalid format") || says("error in libcrypto")) {
    return error(ErrorKind::denied, "the private key cannot be read",
                 fmt::format("check {} and its passphrase", fields_.private_key));
  }
  if (says("Permission denied (")) {
    return error(ErrorKind::denied, "the host refuses the key",
                 fmt::format("check {}, its passphrase, and the user name in {} or {}", fields_.private_key,
                             fields_.uri, fields_.private_key_user));
  }
  if (says("does not appear to be a git repository") || says("not found") || says("could not be found")) {
    return error(ErrorKind::not_found, "there is no such repository", "check " + fields_.uri);
  }
  while (errors.ends_with('\n') || errors.ends_with('\r')) errors.remove_suffix(1);
  const auto newline = errors.rfind('\n');
  const auto last = errors.substr(newline == std::string_view::npos ? 0 : newline + 1);
  return error(ErrorKind::transient, last.empty() ? "ssh: " + base::describe(status) : std::string(last), "");
}

void SshClient::start_agent(const base::Environment& environment) {
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

void SshClient::set_environment(const SshOptions& options, const base::Environment& environment) {
  auto& result = command_.environment;
  result = {{"PATH", environment.get_or("PATH", "/usr/bin:/bin")}, {"LC_ALL", "C"}, {"GIT_PROTOCOL", "version=2"}};
  if (agent_) result["SSH_AUTH_SOCK"] = file("agent");
  if (!options.passphrase.empty()) {
    base::write_file(file("passphrase"), options.passphrase.reveal(), 0600);
    // ssh asks a program for the passphrase, and this program is it.
    result["SSH_ASKPASS"] = base::askpass_program();
    result["SSH_ASKPASS_REQUIRE"] = "force";
    result[std::string(base::askpass_variable)] = file("passphrase");
  }
}

void SshClient::set_arguments(const SshLocation& location, const SshOptions& options, base::Log& log) {
  auto& arguments = command_.arguments;
  arguments = {"-F", "/dev/null", "-T", "-x"};
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
    log.warning(fmt::format("the key of host {} is trusted unseen: give {}", location.host, fields_.known_hosts));
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
    tunnel_ssh(*options.tunnel, location, file("tunnel"), command_.environment, settings);
    for (auto& setting : settings) set(std::move(setting));
  }
  if (location.port) arguments.insert(arguments.end(), {"-p", std::to_string(*location.port)});
  const std::string& user = options.user.empty() ? location.user : options.user;
  if (!user.empty()) arguments.insert(arguments.end(), {"-l", user});
  arguments.insert(arguments.end(), {"--", location.host});
}

}  // namespace git
