// How one cluster is reached and who asks it: what a kubeconfig's context says once it is read, and what the other ways
// of naming a cluster come down to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/secret.hpp"
#include "http/authenticating.hpp"
#include "http/curl_client.hpp"
#include "http/url.hpp"

namespace kubernetes {

// A file of this container that holds a token, and may hold another one later.
struct TokenFile {
  std::string path;
};

// Nobody, or a client certificate alone; a token; a token's file; a user name and a password, for proxies that stand
// before a cluster.
using Identity = std::variant<std::monostate, base::Secret, TokenFile, http::Credentials>;

struct Access {
  http::Url server;      // its path is put before the API's
  std::string named_by;  // the field that says all this, for remedies: "source.kubeconfig"
  http::Verification verification = http::Verification::on;
  std::string ca_certificates;  // PEM; empty: the worker's
  std::optional<http::ClientCertificate> client_certificate;
  std::string tls_server_name;
  std::optional<http::Proxy> proxy;
  Identity identity;
  // Impersonate-User and its like (kubernetes.io, "User impersonation").
  std::vector<std::pair<std::string, std::string>> headers;
  std::string default_namespace;  // the context's; may be empty
};

}  // namespace kubernetes
