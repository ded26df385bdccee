#include "source/connection.hpp"

#include "base/error.hpp"
#include "git/http_transport.hpp"
#include "git/process_transport.hpp"
#include "git/ssh_transport.hpp"

namespace source {
namespace {

using base::Error;
using base::ErrorKind;

void redact(const Source& source, base::Log& log) {
  log.redact(source.fields.password);
  log.redact(source.fields.private_key);
  log.redact(source.fields.private_key_passphrase);
  if (source.credentials) log.redact(source.credentials->password);
  if (source.fields.https_tunnel) log.redact(source.fields.https_tunnel->proxy_password);
  for (const auto& credential : source.fields.submodule_credentials) {
    log.redact(credential.password);
    log.redact(credential.private_key);
    log.redact(credential.private_key_passphrase);
  }
}

http::ConnectionOptions connection_options(const SourceFields& fields) {
  http::ConnectionOptions options;
  if (fields.skip_ssl_verification) options.verification = http::Verification::off;
  options.ca_certificates = fields.ca_certs;
  if (fields.https_tunnel) {
    const auto& tunnel = *fields.https_tunnel;
    options.tunnel = http::Tunnel{tunnel.proxy_host, static_cast<std::uint16_t>(tunnel.proxy_port), std::nullopt};
    if (!tunnel.proxy_user.empty()) options.tunnel->credentials = {tunnel.proxy_user, tunnel.proxy_password};
  }
  return options;
}

Connection connect_http(const Access& access, const Source& source, const http::Url& url, concourse::Context& context) {
  auto client = http::make_curl_client(context.environment, connection_options(source.fields), context.log);
  if (access.credentials) {
    client = http::make_basic_authenticating(std::move(client), url.origin, *access.credentials);
  }
  client = http::make_redirecting(std::move(client));
  client = http::make_retrying(std::move(client), {}, context.random, context.log);
  const std::string remedy = (access.credentials ? "check " : "give ") + access.credential_fields;
  auto remote = git::make_remote(git::make_http_transport(*client, url, remedy));
  return {std::move(client), std::move(remote)};
}

Connection connect_local(const git::LocalLocation& local, concourse::Context& context) {
  std::error_code ignored;
  if (!std::filesystem::exists(local.path, ignored)) {
    throw Error(ErrorKind::not_found, {"read", local.path.string(), "there is no such directory", "check source.uri"});
  }
  auto transport = git::make_upload_pack_transport(local.path, context.environment.get_or("PATH", "/usr/bin:/bin"));
  if (!transport) {
    throw Error(ErrorKind::usage, {"read", local.path.string(), "there is no git-upload-pack program to serve it",
                                   "install git, or serve the repository by https or ssh"});
  }
  return {nullptr, git::make_remote(std::move(transport))};
}

Connection connect_ssh(const Access& access, const Source& source, const git::SshLocation& ssh,
                       concourse::Context& context) {
  if (source.fields.https_tunnel) {
    throw Error(ErrorKind::usage,
                {"read", "source.https_tunnel", "it is not supported for ssh", "use the repository's https address"});
  }
  auto transport = git::make_ssh_transport(ssh, access.ssh, access.location.text(), context.environment, context.log);
  return {nullptr, git::make_remote(std::move(transport))};
}

}  // namespace

Access access_of(const Source& source) {
  git::SshOptions ssh;
  ssh.private_key = source.fields.private_key;
  ssh.passphrase = source.fields.private_key_passphrase;
  ssh.user = source.fields.private_key_user;
  ssh.known_hosts = source.fields.known_hosts;
  if (source.fields.forward_agent) ssh.agent_forwarding = git::SshOptions::AgentForwarding::on;
  return {source.location, source.credentials, std::move(ssh), "source.username and source.password"};
}

Connection connect(const Source& source, concourse::Context& context) {
  redact(source, context.log);
  return connect(access_of(source), source, context);
}

Connection connect(const Access& access, const Source& source, concourse::Context& context) {
  if (const auto* url = std::get_if<http::Url>(&access.location.where)) {
    return connect_http(access, source, *url, context);
  }
  if (const auto* local = std::get_if<git::LocalLocation>(&access.location.where))
    return connect_local(*local, context);
  return connect_ssh(access, source, std::get<git::SshLocation>(access.location.where), context);
}

}  // namespace source
