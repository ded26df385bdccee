// The fields by which a resource's `source` names a cluster, whatever its kind, and the connection that they give. The
// names under gke, tkgi and pks are those of the kpack resource.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/environment.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "clouds/google.hpp"
#include "json/fields.hpp"
#include "kubernetes/access.hpp"
#include "kubernetes/client.hpp"

namespace kubernetes {

struct ClusterFields {
  std::string server;
  base::Secret token;
  std::vector<std::string> ca_certs;
};
void describe(json::Fields<ClusterFields>& fields);

struct GkeFields {
  json::Value json_key;
  json::Value kubeconfig;
};
void describe(json::Fields<GkeFields>& fields);

struct TkgiFields {
  std::string api;
  std::string cluster;
  bool insecure = false;
  std::vector<std::string> ca_certs;
  std::string username;
  base::Secret password;
};
void describe(json::Fields<TkgiFields>& fields);

// As written by the user; read_cluster() turns them into a Cluster.
struct ConnectionFields {
  std::optional<json::Value> kubeconfig;
  std::string context;
  std::optional<ClusterFields> cluster;
  std::optional<GkeFields> gke;
  std::optional<TkgiFields> tkgi;
  std::optional<TkgiFields> pks;
};

// Describes them as fields of a source that inherits them.
template <class Source>
void describe_connection(json::Fields<Source>& fields) {
  const auto add = [&fields](std::string_view name, auto ConnectionFields::*member, std::string_view help) {
    using Member = std::remove_reference_t<decltype(std::declval<Source&>().*member)>;
    fields.optional(name, static_cast<Member Source::*>(member), help);
  };
  add("kubeconfig", &ConnectionFields::kubeconfig,
      "a kubeconfig with embedded certificates and a token or a client certificate, as text or as YAML");
  add("context", &ConnectionFields::context,
      "the context of the kubeconfig. Default: its `current-context`, or the only one");
  add("cluster", &ConnectionFields::cluster,
      "a cluster by its server, a token and its authorities, in place of a kubeconfig");
  add("gke", &ConnectionFields::gke, "a cluster of Google, by the key of a service account");
  add("tkgi", &ConnectionFields::tkgi, "a cluster of Tanzu Kubernetes Grid Integrated, by a user's password");
  add("pks", &ConnectionFields::pks, "the same as `tkgi`, by its former name");
}

// A user of the token server of Tanzu Kubernetes Grid Integrated (UAA).
struct UaaLogin {
  http::Url token_url;
  http::Credentials credentials;
  http::Verification verification = http::Verification::on;
  std::vector<std::string> ca_certificates;
};

// A cluster, and how its token is got where that takes a login elsewhere.
struct Cluster {
  Access access;
  std::variant<std::monostate, clouds::GoogleKey, UaaLogin> login;
};

// Error{usage} when none or several of the ways are given, or one of them cannot be read.
[[nodiscard]] Cluster read_cluster(const ConnectionFields& fields);

// "k.example:6443 by https, by a token": what would be contacted and how, for --explain.
[[nodiscard]] std::string contact_of(const Cluster& cluster);

struct Connection {
  std::unique_ptr<http::Client> login;  // to the token server; none where no login is needed
  std::unique_ptr<http::Client> http;
  std::unique_ptr<Client> client;
};

// Makes every credential known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Connection connect(const Cluster& cluster, const base::Environment& environment, base::Random& random,
                                 base::Log& log);

}  // namespace kubernetes
