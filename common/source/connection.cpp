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

Connection connect_http(const Source& source, const http::Url& url, concourse::Context& context) {
  auto client = http::make_curl_client(context.environment, connection_options(source.fields), context.log);
  if (source.credentials) {
    client = http::make_basic_authenticating(std::move(client), url.origin, *source.credentials);
  }
  client = http::make_redirecting(std::move(client));
  client = http::make_retrying(std::move(client), {}, context.random, context.log);
  const std::string remedy =
      source.credentials ? "check source.username and source.password" : "give source.username and source.password";
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

Connection connect_ssh(const Source& source, const git::SshLocation& ssh, concourse::Context& context) {
  if (source.fields.https_tunnel) {
    throw Error(ErrorKind::usage,
                {"read", "source.https_tunnel", "it is not supported for ssh", "use the repository's https address"});
  }
  git::SshOptions options;
  options.private_key = source.fields.private_key;
  options.passphrase = source.fields.private_key_passphrase;
  options.user = source.fields.private_key_user;
  options.known_hosts = source.fields.known_hosts;
  if (source.fields.forward_agent) options.agent_forwarding = git::SshOptions::AgentForwarding::on;
  return {nullptr, git::make_remote(git::make_ssh_transport(ssh, options, source.location.text(), context.environment,
                                                            context.log))};
}

}  // namespace

Connection connect(const Source& source, concourse::Context& context) {
  redact(source, context.log);
  if (const auto* url = std::get_if<http::Url>(&source.location.where)) return connect_http(source, *url, context);
  if (const auto* local = std::get_if<git::LocalLocation>(&source.location.where)) {
    return connect_local(*local, context);
  }
  return connect_ssh(source, std::get<git::SshLocation>(source.location.where), context);
}

}  // namespace source
