#include "kpack_image/commit_lookup.hpp"

#include <fmt/format.h>
#include <memory>

#include "base/error.hpp"
#include "clouds/github_tokens.hpp"
#include "git/http_transport.hpp"
#include "git/remote.hpp"
#include "git/ssh_transport.hpp"
#include "http/authenticating.hpp"
#include "http/curl_client.hpp"
#include "http/stack.hpp"

namespace kpack_image {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view other_network = "set source.git.lookup: false where only the cluster reaches it";

constexpr const char* repository_field = "the Image's spec.source.git.url";

git::FieldNames field_names() {
  git::FieldNames names;
  names.uri = repository_field;
  names.private_key = "source.git.private_key";
  names.private_key_user = "source.git.private_key_user";
  names.private_key_passphrase = "source.git.private_key_passphrase";
  names.known_hosts = "source.git.known_hosts";
  return names;
}

// The first bytes of a pack tell enough.
struct Arrived {};

class FirstBytes final : public git::PackSink {
 public:
  void restart() override {}
  void write(std::string_view /*bytes*/) override { throw Arrived(); }
};

struct Connection {
  std::unique_ptr<http::Client> http;
  std::unique_ptr<git::Remote> remote;
};

std::unique_ptr<http::Client> make_http_client(const GitFields& fields, concourse::Context& context) {
  http::ConnectionOptions options;
  if (fields.skip_ssl_verification) options.verification = http::Verification::off;
  options.ca_certificates = fields.ca_certs;
  options.certificate_remedy = "add its authority to source.git.ca_certs";
  return http::make_curl_client(context.environment, std::move(options), context.log);
}

// The cluster names the host, and whoever may write Images could name one of their own.
void require_own_host(const clouds::GithubApp& app, const http::Url& url) {
  if (clouds::is_own_host(app, url.origin)) return;
  throw Error(ErrorKind::usage,
              {"look up the commit in", url.shown(), fmt::format("{} is for another host", app.named_by),
               fmt::format("check {}, and give {}.api if it is right", repository_field, app.named_by)});
}

Connection connect_http(const http::Url& url, const Source& source, concourse::Context& context) {
  const auto& fields = source.git;
  auto client = make_http_client(fields, context);
  std::string remedy = "check source.git.username and source.git.password";
  if (source.github_app) {
    require_own_host(*source.github_app, url);
    auto api = http::make_client(make_http_client(fields, context), context.random, context.log);
    auto tokens = std::make_shared<clouds::GithubTokens>(*source.github_app, url.origin,
                                                         clouds::require_github_repository(url, repository_field),
                                                         std::move(api), context.log);
    client = clouds::make_github_authenticating(std::move(client), url.origin, std::move(tokens));
    remedy = "check source.git.github_app";
  } else if (!fields.username.empty() || !fields.password.empty()) {
    client = http::make_basic_authenticating(std::move(client), url.origin, {fields.username, fields.password});
  }
  client = http::make_client(std::move(client), context.random, context.log);
  auto remote = git::make_remote(git::make_http_transport(*client, url, std::move(remedy), field_names()));
  return {std::move(client), std::move(remote)};
}

Connection connect_ssh(const git::SshLocation& ssh, const std::string& shown, const GitFields& fields,
                       concourse::Context& context) {
  git::SshOptions options;
  options.private_key = fields.private_key;
  options.passphrase = fields.private_key_passphrase;
  options.user = fields.private_key_user;
  options.known_hosts = fields.known_hosts;
  options.fields = field_names();
  auto client = std::make_shared<const git::SshClient>(ssh, options, shown, context.environment, context.log);
  return {nullptr, git::make_remote(git::make_ssh_transport(ssh, client, context.random, context.log))};
}

bool has_credentials(const git::Location& location, const Source& source) {
  const auto& fields = source.git;
  if (source.github_app) return true;
  if (std::holds_alternative<git::SshLocation>(location.where)) return !fields.private_key.empty();
  return !fields.username.empty() || !fields.password.empty();
}

Looked look_for_commit(git::Remote& remote, const git::ObjectId& commit) {
  if (!remote.can_want_any()) {
    for (const auto& ref : remote.refs({"refs/heads/", "refs/tags/"})) {
      if (ref.commit() == commit) return {Sight::there, commit};
    }
    // It may lie below a branch, which such a server does not tell.
    return {};
  }
  git::FetchRequest request;
  request.wants = {commit};
  if (remote.can_deepen()) request.depth = 1;
  if (remote.can_filter()) request.filter = "tree:0";
  FirstBytes sink;
  try {
    remote.fetch(request, sink);
  } catch (const Arrived&) {
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::not_found) return {Sight::absent, std::nullopt};
    throw;
  }
  return {Sight::there, commit};
}

Looked look_for_name(git::Remote& remote, const std::string& name) {
  if (!git::is_valid_ref_name("refs/heads/" + name)) return {Sight::absent, std::nullopt};
  const auto refs = remote.refs({"refs/heads/" + name, "refs/tags/" + name});
  for (const auto* folder : {"refs/heads/", "refs/tags/"}) {
    if (const auto* ref = git::find_ref(refs, folder + name)) return {Sight::there, ref->commit()};
  }
  return {Sight::absent, std::nullopt};
}

Looked unknown(const std::string& repository, const std::string& why, base::Log& log) {
  log.warning(fmt::format("the commit is not looked up in {}: {}", repository, why));
  return {};
}

}  // namespace

Looked look_up(const std::string& repository, const std::string& revision, const Source& source,
               concourse::Context& context) {
  const auto& fields = source.git;
  for (const auto& secret : {fields.password, fields.private_key, fields.private_key_passphrase}) {
    context.log.redact(secret);
  }
  auto location = git::Location::parse(repository, repository_field);
  if (source.github_app && fields.private_key.empty()) {
    // kpack may read by ssh what the app reads by https.
    if (auto https = git::https_address_of(location)) location.where = *std::move(https);
  }
  const auto* url = std::get_if<http::Url>(&location.where);
  const auto* ssh = std::get_if<git::SshLocation>(&location.where);
  // A path is one of the cluster's machines, not of this one.
  if (url == nullptr && ssh == nullptr) return unknown(location.text(), "it is a path", context.log);
  if (ssh != nullptr && fields.private_key.empty()) {
    return unknown(location.text(), "source.git.private_key is not given", context.log);
  }
  try {
    const auto connection =
        url != nullptr ? connect_http(*url, source, context) : connect_ssh(*ssh, location.text(), fields, context);
    const auto commit = git::ObjectId::parse(revision);
    return commit ? look_for_commit(*connection.remote, *commit) : look_for_name(*connection.remote, revision);
  } catch (const Error& error) {
    const bool is_closed = error.kind() == ErrorKind::denied || error.kind() == ErrorKind::not_found;
    if (is_closed && !has_credentials(location, source)) {
      return unknown(location.text(), fmt::format("{} (source.git has no credentials for it)", error.report().cause),
                     context.log);
    }
    if (error.kind() != ErrorKind::transient) throw;
    const auto& report = error.report();
    throw Error(error.kind(), {"look up the commit in", location.text(), report.cause, std::string(other_network)});
  }
}

}  // namespace kpack_image
