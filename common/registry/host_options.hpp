// How one registry host is reached, from `source` or from `registries:`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "clouds/aws.hpp"
#include "clouds/azure.hpp"
#include "clouds/google_registry.hpp"
#include "registry/credentials.hpp"
#include "registry/limits.hpp"

namespace http {
class Client;
}

namespace registry {

using CloudLogin = std::variant<clouds::EcrLogin, clouds::AcrLogin, clouds::GoogleLogin>;

struct HostOptions {
  std::string host;
  std::shared_ptr<CredentialSource> credentials;             // none: anonymous
  std::optional<CloudLogin> cloud;                           // what gives them, until connect() has made them of it
  enum class Scheme { https, http } scheme = Scheme::https;  // `insecure: true` means http
  std::vector<std::string> ca_certificates;
  // Trusts `ca_certificates`: the conversation with this host (its token server and its redirects included) goes
  // through it, and no other does. None: the one that all share.
  std::shared_ptr<http::Client> http;
  // For the remedy of a 401: where the credentials stand, and which fields they are.
  std::string named_by = "source.registries";
  std::string login_fields = "username and password";
  HostLimits limits;
};

}  // namespace registry
