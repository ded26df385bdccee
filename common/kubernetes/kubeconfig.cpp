#include "kubernetes/kubeconfig.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "json/fields.hpp"
#include "kubernetes/names.hpp"
#include "kubernetes/yaml.hpp"

namespace kubernetes {
namespace {

using json::Value;

constexpr std::string_view token_remedy =
    "give a service account's token in users[].user.token (kubectl create serviceaccount build-service, kubectl create "
    "token build-service --duration 8760h)";

std::string printable_name(std::string_view name) { return base::printable(name, 128); }

// An object with the place where it stands: "source.kubeconfig.users[1].user".
struct Node {
  const Value* value;
  std::string path;

  [[nodiscard]] std::string at(std::string_view name) const { return fmt::format("{}.{}", path, name); }

  [[nodiscard]] const Value* find(std::string_view name) const {
    const auto* member = json::find(*value, name);
    return member == nullptr || member->is_null() ? nullptr : member;
  }

  [[nodiscard]] std::string text(std::string_view name) const {
    const auto* member = find(name);
    if (member == nullptr) return "";
    if (!member->is_string()) json::wrong_type(at(name), "text", *member);
    return member->get<std::string>();
  }

  [[nodiscard]] bool flag(std::string_view name) const {
    const auto* member = find(name);
    return member != nullptr && json::read<bool>(*member, at(name));
  }

  // PEM within base64; `label` is what its BEGIN line ends with.
  [[nodiscard]] std::string decoded(std::string_view name, std::string_view label) const {
    const auto given = text(name);
    if (given.empty()) return "";
    auto result = base::decode_base64(given);
    if (!result) json::wrong_value(at(name), "it is not base64");
    if (result->find(fmt::format("{}-----", label)) == std::string::npos) {
      json::wrong_value(at(name), fmt::format("what it encodes has no PEM block {}", label));
    }
    return std::move(*result);
  }

  void refuse(std::string_view name, std::string_view cause, std::string_view remedy) const {
    if (!text(name).empty()) json::wrong_value(at(name), std::string(cause), std::string(remedy));
  }
};

std::vector<std::string> names_of(const Value& list) {
  std::vector<std::string> names;
  for (const auto& entry : list) names.push_back(json::text_or(entry, "name"));
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  constexpr std::size_t most = 10;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) text += (i > 0 ? ", " : "") + printable_name(names[i]);
  return names.size() > most ? text + ", ..." : text;
}

// The entry of that name in one of the file's lists, or nothing.
std::optional<Node> entry_of(const Node& file, std::string_view list, std::string_view member, std::string_view name) {
  const auto* entries = file.find(list);
  if (entries == nullptr) return std::nullopt;
  if (!entries->is_array()) json::wrong_type(file.at(list), "a list", *entries);
  for (std::size_t i = 0; i < entries->size(); ++i) {
    if (json::text_or((*entries)[i], "name") != name) continue;
    const auto path = fmt::format("{}[{}].{}", file.at(list), i, member);
    const auto* value = json::find((*entries)[i], member);
    if (value == nullptr || value->is_null()) json::wrong_value(path, "it is missing");
    if (!value->is_object()) json::wrong_type(path, "an object", *value);
    return Node{value, path};
  }
  return std::nullopt;
}

Node named(const Node& file, std::string_view list, std::string_view member, const std::string& name,
           const std::string& named_by) {
  if (auto found = entry_of(file, list, member, name)) return std::move(*found);
  const auto* entries = file.find(list);
  const auto names = entries == nullptr ? std::vector<std::string>() : names_of(*entries);
  const auto near = json::nearest(name, names);
  std::string remedy = names.empty() ? "" : "there are " + joined(names);
  if (near) remedy = fmt::format("did you mean \"{}\"?", printable_name(*near));
  json::wrong_value(named_by, fmt::format("\"{}\" is not one of the kubeconfig's {}", printable_name(name), list),
                    remedy);
}

Node context_of(const Node& file, const std::string& wanted, std::string_view wanted_by) {
  if (!wanted.empty()) return named(file, "contexts", "context", wanted, std::string(wanted_by));
  const auto current = file.text("current-context");
  if (!current.empty()) return named(file, "contexts", "context", current, file.at("current-context"));
  const auto* contexts = file.find("contexts");
  if (contexts == nullptr || !contexts->is_array() || contexts->empty()) {
    json::wrong_value(file.path, "it has no contexts", "give a kubeconfig with clusters, users and contexts");
  }
  const auto names = names_of(*contexts);
  if (names.size() > 1) {
    json::wrong_value(file.path, "it says no current-context",
                      fmt::format("choose one by source.context: {}", joined(names)));
  }
  return named(file, "contexts", "context", names.front(), file.at("contexts"));
}

void read_cluster(const Node& cluster, Access& access) {
  const auto server = cluster.text("server");
  auto url = http::Url::parse(server);
  if (!url || !url->query.empty()) {
    json::wrong_value(cluster.at("server"), server.empty() ? "it is missing" : "it is not an http or https URL");
  }
  if (url->credentials) {
    json::wrong_value(cluster.at("server"), "it holds credentials", "put them into users[].user");
  }
  access.server = std::move(*url);
  access.tls_server_name = cluster.text("tls-server-name");
  if (!access.tls_server_name.empty()) require_dns_subdomain(access.tls_server_name, cluster.at("tls-server-name"));
  cluster.refuse("certificate-authority", "a file of another machine is not here",
                 "put its content into certificate-authority-data (base64): kubectl config view --flatten --minify");
  access.ca_certificates = cluster.decoded("certificate-authority-data", "CERTIFICATE");
  if (cluster.flag("insecure-skip-tls-verify")) {
    // Which of the two is meant cannot be known, and kubectl refuses it, too.
    if (!access.ca_certificates.empty()) {
      json::wrong_value(cluster.at("insecure-skip-tls-verify"), "certificate-authority-data is given, too",
                        "give one of them");
    }
    access.verification = http::Verification::off;
  }
  const auto proxy = cluster.text("proxy-url");
  if (!proxy.empty()) {
    access.proxy = http::Proxy::parse(proxy);
    if (!access.proxy) {
      json::wrong_value(cluster.at("proxy-url"), "it is not the URL of a http, https or socks5 proxy");
    }
  }
}

void refuse_programs(const Node& user) {
  if (const auto* exec = user.find("exec")) {
    json::wrong_value(user.at("exec"),
                      fmt::format("it would run the program \"{}\", which is not here",
                                  printable_name(json::text_or(*exec, "command"))),
                      std::string(token_remedy));
  }
  if (const auto* provider = user.find("auth-provider")) {
    json::wrong_value(user.at("auth-provider"),
                      fmt::format("the provider \"{}\" is not one that is built in",
                                  printable_name(json::text_or(*provider, "name"))),
                      std::string(token_remedy));
  }
}

base::Secret read_token(const Node& user) {
  auto token = user.text("token");
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  for (const char c : token) {
    if (c <= ' ' || c > '~') json::wrong_value(user.at("token"), "it holds blanks or control characters");
  }
  return base::Secret(std::move(token));
}

void read_impersonation(const Node& user, Access& access) {
  const auto name = user.text("as");
  const auto* groups = user.find("as-groups");
  if (user.find("as-user-extra") != nullptr) {
    json::wrong_value(user.at("as-user-extra"), "this field is not supported", "leave it out");
  }
  if (name.empty()) {
    if (groups != nullptr || !user.text("as-uid").empty()) {
      json::wrong_value(user.path, "as-groups or as-uid stands without as", "give as, too");
    }
    return;
  }
  access.headers.emplace_back("Impersonate-User", name);
  if (const auto uid = user.text("as-uid"); !uid.empty()) access.headers.emplace_back("Impersonate-Uid", uid);
  if (groups == nullptr) return;
  for (auto& group : json::read<std::vector<std::string>>(*groups, user.at("as-groups"))) {
    access.headers.emplace_back("Impersonate-Group", std::move(group));
  }
}

void read_client_certificate(const Node& user, Access& access) {
  const std::string_view remedy =
      "put its content into client-certificate-data and client-key-data (base64): kubectl config view --flatten "
      "--minify";
  user.refuse("client-certificate", "a file of another machine is not here", remedy);
  user.refuse("client-key", "a file of another machine is not here", remedy);
  auto certificate = user.decoded("client-certificate-data", "CERTIFICATE");
  auto key = user.decoded("client-key-data", "PRIVATE KEY");
  if (certificate.empty() != key.empty()) {
    json::wrong_value(user.path, fmt::format("client-{}-data is missing", key.empty() ? "key" : "certificate"));
  }
  if (!key.empty()) {
    access.client_certificate = http::ClientCertificate{base::Secret(std::move(certificate)), base::Secret(key)};
  }
}

// As in client-go, a token's file goes before a token, and a token before a password.
Identity read_identity(const Node& user) {
  const auto file = user.text("tokenFile");
  if (!file.empty()) {
    if (!file.starts_with('/')) {
      json::wrong_value(user.at("tokenFile"), "it is relative to a file that is not here",
                        "give a path from the root of the container, or the token itself in token");
    }
    return TokenFile{file};
  }
  auto token = read_token(user);
  if (!token.empty()) return token;
  const auto username = user.text("username");
  const auto password = user.text("password");
  if (username.empty() && password.empty()) return std::monostate();
  return http::Credentials{username, base::Secret(password)};
}

Value document_of(const Value& config, const std::string& path) {
  auto document = config.is_string() ? parse_yaml(config.get_ref<const std::string&>(), path) : config;
  if (!document.is_object()) json::wrong_type(path, "a kubeconfig (clusters, users, contexts)", document);
  const auto kind = json::text_or(document, "kind", "Config");
  if (kind != "Config") {
    json::wrong_value(path, fmt::format("it is a \"{}\", not a kubeconfig", printable_name(kind)));
  }
  return document;
}

}  // namespace

Access read_kubeconfig(const Value& config, const std::string& context, const std::string& path,
                       FileCredentials credentials) {
  const auto document = document_of(config, path);
  const Node file{&document, path};
  const auto chosen = context_of(file, context, "source.context");
  Access access;
  access.named_by = path;
  access.default_namespace = chosen.text("namespace");
  if (!access.default_namespace.empty()) require_dns_label(access.default_namespace, chosen.at("namespace"));
  const auto cluster = chosen.text("cluster");
  read_cluster(named(file, "clusters", "cluster", cluster, chosen.at("cluster")), access);
  if (credentials == FileCredentials::ignored) return access;
  const auto name = chosen.text("user");
  if (name.empty()) return access;
  const auto user = named(file, "users", "user", name, chosen.at("user"));
  read_impersonation(user, access);
  read_client_certificate(user, access);
  access.identity = read_identity(user);
  // A token or a certificate beside them would be used: kubectl prefers exec, so what it would do cannot be done here.
  refuse_programs(user);
  return access;
}

}  // namespace kubernetes
