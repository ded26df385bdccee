#include "source/connection.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "git/http_transport.hpp"
#include "git/local_files.hpp"
#include "git/local_remote.hpp"
#include "git/process_transport.hpp"
#include "git/ssh_transport.hpp"
#include "http/authenticating.hpp"
#include "http/curl_client.hpp"
#include "http/stack.hpp"

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
  for (const auto& value : source.settings.header_values()) {
    log.redact(base::Secret(value));
    log.redact(base::Secret(value.substr(value.rfind(' ') + 1)));  // "bearer ..."
  }
  for (const auto& credential : source.fields.submodule_credentials) {
    log.redact(credential.password);
    log.redact(credential.private_key);
    log.redact(credential.private_key_passphrase);
  }
}

std::optional<http::Tunnel> tunnel_of(const SourceFields& fields) {
  if (!fields.https_tunnel) return std::nullopt;
  const auto& given = *fields.https_tunnel;
  http::Tunnel tunnel{given.proxy_host, static_cast<std::uint16_t>(given.proxy_port), std::nullopt};
  if (!given.proxy_user.empty()) tunnel.credentials = {given.proxy_user, given.proxy_password};
  return tunnel;
}

http::ConnectionOptions connection_options(const SourceFields& fields, bool verified) {
  http::ConnectionOptions options;
  if (fields.skip_ssl_verification || !verified) options.verification = http::Verification::off;
  options.ca_certificates = fields.ca_certs;
  options.certificates_named_by = "source.ca_certs";
  options.certificate_remedy = "add its authority to source.ca_certs, or to the worker's certificates";
  options.tunnel = tunnel_of(fields);
  return options;
}

Connection connect_http(const Access& access, const Source& source, const http::Url& url, concourse::Context& context) {
  auto client = make_http_client(access, source, context);
  const std::string remedy = (access.credentials || access.github ? "check " : "give ") + access.credential_fields;
  auto remote = git::make_remote(git::make_http_transport(*client, url, remedy, field_names()));
  return {std::move(client), nullptr, std::move(remote)};
}

Connection connect_local(const git::LocalLocation& local, concourse::Context& context) {
  std::error_code ignored;
  if (!std::filesystem::exists(local.path, ignored)) {
    throw Error(ErrorKind::not_found, {"read", local.path.string(), "there is no such directory", "check source.uri"});
  }
  git::require_regular_files(local.path);
  auto transport =
      git::make_upload_pack_transport(local.path, context.environment.get_or("PATH", "/usr/bin:/bin"), field_names());
  if (!transport) return {nullptr, nullptr, git::make_local_remote(local.path, field_names())};
  return {nullptr, nullptr, git::make_remote(std::move(transport))};
}

Connection connect_ssh(const Access& access, const git::SshLocation& ssh, concourse::Context& context) {
  auto client =
      std::make_shared<const git::SshClient>(ssh, access.ssh, access.location.text(), context.environment, context.log);
  auto transport = git::make_ssh_transport(ssh, client, context.random, context.log);
  return {nullptr, std::move(client), git::make_remote(std::move(transport))};
}

// The API has the certificates and proxies of the repository: on an enterprise host it is the same server.
std::shared_ptr<clouds::GithubTokens> open_github_app(const Source& source, concourse::Context& context) {
  const auto& url = std::get<http::Url>(source.location.where);
  const auto api = source.github_app->api.value_or(clouds::github_api_of(url.origin));
  auto options = connection_options(source.fields, source.settings.verifies(api).value_or(true));
  auto client = http::make_client(http::make_curl_client(context.environment, std::move(options), context.log),
                                  context.random, context.log);
  return std::make_shared<clouds::GithubTokens>(*source.github_app, url.origin,
                                                clouds::require_github_repository(url, "source.uri"), std::move(client),
                                                context.log);
}

}  // namespace

git::SshOptions ssh_options_of(const Source& source) {
  git::SshOptions ssh;
  ssh.private_key = source.fields.private_key;
  ssh.passphrase = source.fields.private_key_passphrase;
  ssh.user = source.fields.private_key_user;
  ssh.known_hosts = source.fields.known_hosts;
  ssh.tunnel = tunnel_of(source.fields);
  ssh.fields = field_names();
  if (source.fields.forward_agent) ssh.agent_forwarding = git::SshOptions::AgentForwarding::on;
  return ssh;
}

Access open_access(const Source& source, concourse::Context& context) {
  redact(source, context.log);
  for (const auto& [name, instead] : source.settings.without_effect()) {
    context.log.warning(fmt::format("source.git_config: {} has no effect on how the repository is reached; use {}",
                                    base::printable(name), instead));
  }
  Access access{source.named, source.location,        source.credentials,
                nullptr,      ssh_options_of(source), "source.username and source.password"};
  if (source.github_app) {
    access.github = open_github_app(source, context);
    access.credential_fields = "source.github_app";
  }
  return access;
}

std::unique_ptr<http::Client> make_http_client(const Access& access, const Source& source,
                                               concourse::Context& context) {
  const auto* url = std::get_if<http::Url>(&access.location.where);
  const bool verified = url == nullptr || source.settings.verifies(*url).value_or(true);
  auto client = http::make_curl_client(context.environment, connection_options(source.fields, verified), context.log);
  if (url != nullptr && access.github) {
    client = clouds::make_github_authenticating(std::move(client), url->origin, access.github);
  } else if (url != nullptr && access.credentials) {
    client = http::make_basic_authenticating(std::move(client), url->origin, *access.credentials);
  }
  if (url != nullptr) {
    if (auto headers = source.settings.headers_for(*url); !headers.empty()) {
      client = http::make_header_adding(std::move(client), url->origin, std::move(headers));
    }
  }
  return http::make_client(std::move(client), context.random, context.log);
}

Connection connect(const Access& access, const Source& source, concourse::Context& context) {
  if (const auto* url = std::get_if<http::Url>(&access.location.where)) {
    return connect_http(access, source, *url, context);
  }
  if (const auto* local = std::get_if<git::LocalLocation>(&access.location.where))
    return connect_local(*local, context);
  return connect_ssh(access, std::get<git::SshLocation>(access.location.where), context);
}

}  // namespace source
