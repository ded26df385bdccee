// How one registry host is reached, from `source` or from `registries:`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "registry/credentials.hpp"
#include "registry/limits.hpp"

namespace http {
class Client;
}

namespace registry {

struct HostOptions {
  std::string host;
  std::shared_ptr<CredentialSource> credentials;             // none: anonymous
  enum class Scheme { https, http } scheme = Scheme::https;  // `insecure: true` means http
  std::vector<std::string> ca_certificates;
  // Trusts `ca_certificates`: the conversation with this host (its token server and its redirects included) goes
  // through it, and no other does. None: the one that all share.
  std::shared_ptr<http::Client> http;
  std::string named_by = "source.registries";  // the field that holds the credentials, for the remedy of a 401
  HostLimits limits;
};

}  // namespace registry
