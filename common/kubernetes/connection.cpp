#include "kubernetes/connection.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "http/retrying.hpp"
#include "kubernetes/kubeconfig.hpp"
#include "kubernetes/tokens.hpp"

namespace kubernetes {
namespace {

constexpr std::string_view ways = "give one of source.kubeconfig, source.cluster, source.gke, source.tkgi, source.pks";

// A server that restarts is back within a minute or two.
constexpr http::RetryPolicy policy{.attempts = 9, .longest_delay = std::chrono::milliseconds(15'000)};

std::string joined(const std::vector<std::string>& certificates) {
  std::string text;
  for (const auto& certificate : certificates) text += certificate + "\n";
  return text;
}

http::Url read_url(const std::string& text, const std::string& path) {
  auto url = http::Url::parse(text);
  if (!url || url->credentials || !url->query.empty()) json::wrong_value(path, "it is not an http or https URL");
  return std::move(*url);
}

Cluster read_given(const ClusterFields& fields) {
  Cluster result;
  result.access.named_by = "source.cluster";
  result.access.server = read_url(fields.server, "source.cluster.server");
  result.access.ca_certificates = joined(fields.ca_certs);
  for (const char c : fields.token.reveal()) {
    if (c <= ' ' || c > '~') json::wrong_value("source.cluster.token", "it holds blanks or control characters");
  }
  result.access.identity = fields.token;
  return result;
}

Cluster read_gke(const GkeFields& fields, const std::string& context) {
  Cluster result;
  result.access = read_kubeconfig(fields.kubeconfig, context, "source.gke.kubeconfig", FileCredentials::ignored);
  result.access.named_by = "source.gke";
  result.login = clouds::read_google_key(fields.json_key, "source.gke.json_key");
  return result;
}

// The token server is part of the API; the cluster's own server listens on port 8443 of its name.
Cluster read_tkgi(const TkgiFields& fields, const std::string& path) {
  Cluster result;
  result.access.named_by = path;
  const bool has_port = fields.cluster.find(':') != std::string::npos;
  result.access.server =
      read_url(fmt::format("https://{}{}", fields.cluster, has_port ? "" : ":8443"), path + ".cluster");
  result.access.verification = fields.insecure ? http::Verification::off : http::Verification::on;
  result.access.ca_certificates = joined(fields.ca_certs);
  const bool has_scheme = fields.api.find("://") != std::string::npos;
  auto token_url = read_url(has_scheme ? fields.api : "https://" + fields.api, path + ".api");
  if (token_url.origin.scheme != "https") json::wrong_value(path + ".api", "a password is not sent over plain http");
  while (token_url.path.ends_with('/')) token_url.path.pop_back();
  token_url.path += "/oauth/token";
  result.login =
      UaaLogin{std::move(token_url), {fields.username, fields.password}, result.access.verification, fields.ca_certs};
  return result;
}

std::string uaa_form(const http::Credentials& credentials) {
  return fmt::format(
      "client_id=pks_cluster_client&client_secret=&grant_type=password&response_type=id_token&username={}"
      "&password={}",
      http::percent_encode(credentials.username), http::percent_encode(credentials.password.reveal()));
}

http::ConnectionOptions options_of(const Access& access) {
  http::ConnectionOptions options;
  options.verification = access.verification;
  if (!access.ca_certificates.empty()) options.ca_certificates = {access.ca_certificates};
  options.client_certificate = access.client_certificate;
  options.tls_server_name = access.tls_server_name;
  options.proxy = access.proxy;
  options.certificate_remedy =
      fmt::format("check {} of {}: it must hold the authority of the cluster's certificate",
                  access.named_by == "source.cluster" ? "ca_certs" : "certificate-authority-data", access.named_by);
  return options;
}

std::unique_ptr<http::Client> make_login_client(http::Verification verification,
                                                const std::vector<std::string>& certificates, std::string remedy,
                                                const base::Environment& environment, base::Random& random,
                                                base::Log& log) {
  http::ConnectionOptions options;
  options.verification = verification;
  options.ca_certificates = certificates;
  options.certificate_remedy = std::move(remedy);
  return http::make_retrying(http::make_curl_client(environment, std::move(options), log), {}, random, log);
}

// The source of the tokens that requests carry; nothing where they carry none.
std::shared_ptr<http::TokenSource> tokens_of(const Cluster& cluster, Connection& connection,
                                             const base::Environment& environment, base::Random& random,
                                             base::Log& log) {
  if (const auto* key = std::get_if<clouds::GoogleKey>(&cluster.login)) {
    log.redact(key->private_key);
    connection.login = make_login_client(http::Verification::on, {}, "add its authority to the worker's certificates",
                                         environment, random, log);
    return make_fetched_token(
        [&http = *connection.login, key = *key, &log] {
          const std::string field = "source.gke.json_key";
          const auto now = log.clock().now();
          return clouds::request_token(http, key.token_uri, clouds::token_form(key, now, field), "access_token",
                                       {"get a token for", key.client_email, "check " + field, now});
        },
        log);
  }
  if (const auto* login = std::get_if<UaaLogin>(&cluster.login)) {
    const auto path = cluster.access.named_by;
    log.redact(login->credentials.password);
    connection.login =
        make_login_client(login->verification, login->ca_certificates,
                          fmt::format("add its authority to {}.ca_certs", path), environment, random, log);
    return make_fetched_token(
        [&http = *connection.login, login = *login, path, &log] {
          return clouds::request_token(http, login.token_url, uaa_form(login.credentials), "id_token",
                                       {"get a token for", login.credentials.username,
                                        fmt::format("check {0}.username and {0}.password", path), log.clock().now()});
        },
        log);
  }
  if (const auto* token = std::get_if<base::Secret>(&cluster.access.identity)) {
    log.redact(*token);
    return token->empty() ? nullptr : make_given_token(*token);
  }
  if (const auto* file = std::get_if<TokenFile>(&cluster.access.identity)) {
    return make_file_token(file->path, cluster.access.named_by, log.clock());
  }
  return nullptr;
}

std::string identity_of(const Access& access) {
  if (std::holds_alternative<base::Secret>(access.identity)) return "by a token";
  if (const auto* file = std::get_if<TokenFile>(&access.identity)) return "by the token in " + file->path;
  if (const auto* user = std::get_if<http::Credentials>(&access.identity)) return "as " + user->username;
  return access.client_certificate ? "by a client certificate" : "anonymously";
}

std::string way_of(const Cluster& cluster) {
  if (const auto* key = std::get_if<clouds::GoogleKey>(&cluster.login)) {
    return fmt::format("as {}, by a token of {}", key->client_email, key->token_uri.authority());
  }
  if (const auto* login = std::get_if<UaaLogin>(&cluster.login)) {
    return fmt::format("as {}, by a token of {}", login->credentials.username, login->token_url.authority());
  }
  return identity_of(cluster.access);
}

}  // namespace

void describe(json::Fields<ClusterFields>& fields) {
  fields.required("server", &ClusterFields::server, "the URL of the cluster's API server");
  fields.required("token", &ClusterFields::token, "the token of a service account");
  fields.optional("ca_certs", &ClusterFields::ca_certs,
                  "list of PEM certificates of the authorities that the server's certificate may be signed by");
}

void describe(json::Fields<GkeFields>& fields) {
  fields.required("json_key", &GkeFields::json_key, "the key file of a service account");
  fields.required("kubeconfig", &GkeFields::kubeconfig,
                  "the cluster's kubeconfig; what it says of users does not matter");
}

void describe(json::Fields<TkgiFields>& fields) {
  fields.required("api", &TkgiFields::api, "the URL of the API, https://api.tkgi.example.com:8443");
  fields.required("cluster", &TkgiFields::cluster, "the host name of the cluster's API server");
  fields.required("username", &TkgiFields::username, "the user's name");
  fields.required("password", &TkgiFields::password, "the user's password");
  fields.optional("insecure", &TkgiFields::insecure, "do not verify certificates. Default: false");
  fields.optional("ca_certs", &TkgiFields::ca_certs, "list of PEM certificates of the authorities of both servers");
}

Cluster read_cluster(const ConnectionFields& fields) {
  const std::array given{fields.kubeconfig.has_value(), fields.cluster.has_value(), fields.gke.has_value(),
                         fields.tkgi.has_value(), fields.pks.has_value()};
  const auto count = std::count(given.begin(), given.end(), true);
  if (count == 0) json::wrong_value("source", "it names no cluster", std::string(ways));
  if (count > 1) json::wrong_value("source", "it names several clusters", std::string(ways));
  if (!fields.context.empty() && !fields.kubeconfig && !fields.gke) {
    json::wrong_value("source.context", "there is no kubeconfig that it could be one of", "leave it out");
  }
  if (fields.cluster) return read_given(*fields.cluster);
  if (fields.gke) return read_gke(*fields.gke, fields.context);
  if (fields.tkgi) return read_tkgi(*fields.tkgi, "source.tkgi");
  if (fields.pks) return read_tkgi(*fields.pks, "source.pks");
  return {read_kubeconfig(*fields.kubeconfig, fields.context, "source.kubeconfig"), {}};
}

std::string contact_of(const Cluster& cluster) {
  const auto& access = cluster.access;
  return fmt::format("{} by {}{}, {}", access.server.authority(), access.server.origin.scheme,
                     access.verification == http::Verification::on ? "" : " without verifying its certificate",
                     way_of(cluster));
}

Connection connect(const Cluster& cluster, const base::Environment& environment, base::Random& random, base::Log& log) {
  const Access& access = cluster.access;
  if (access.client_certificate) log.redact(access.client_certificate->key);
  if (access.proxy && access.proxy->credentials) log.redact(access.proxy->credentials->password);
  Connection result;
  auto client = http::make_curl_client(environment, options_of(access), log);
  Caller caller{access.named_by, std::nullopt};
  if (auto tokens = tokens_of(cluster, result, environment, random, log)) {
    client = http::make_bearer_authenticating(std::move(client), access.server.origin, std::move(tokens));
    if (const auto* token = std::get_if<base::Secret>(&access.identity)) caller.token_end = end_of_token(*token);
  } else if (const auto* credentials = std::get_if<http::Credentials>(&access.identity)) {
    log.redact(credentials->password);
    client = http::make_basic_authenticating(std::move(client), access.server.origin, *credentials);
  }
  if (!access.headers.empty()) {
    client = http::make_header_adding(std::move(client), access.server.origin, access.headers);
  }
  result.http = http::make_retrying(std::move(client), policy, random, log);
  result.client = std::make_unique<Client>(*result.http, access.server, std::move(caller), log);
  return result;
}

}  // namespace kubernetes
