// Credentials that a cloud gives: fetched when they are first needed, by one thread for all, renewed in the last tenth
// of their life and when the registry does not take them any more.
#pragma once

#include <memory>

#include "base/environment.hpp"
#include "base/log.hpp"
#include "http/client.hpp"
#include "registry/host_options.hpp"

namespace registry {

class CloudCredentials : public CredentialSource {
 public:
  // The host that the login is for, where the cloud says so (ECR); else empty. Fetches what is not there yet.
  [[nodiscard]] virtual std::string registry() = 0;
};

// As clouds::Access has them.
struct CloudClients {
  std::shared_ptr<http::Client> api;
  std::shared_ptr<http::Client> registry;
  std::shared_ptr<http::Client> metadata;
};

[[nodiscard]] std::shared_ptr<CloudCredentials> make_cloud_credentials(CloudLogin login, CloudClients clients,
                                                                       base::Environment environment, base::Log& log);

// For --explain: whose login it is, and which hosts it talks to beside the registry.
[[nodiscard]] std::string describe(const CloudLogin& login);
[[nodiscard]] std::vector<std::string> contacts(const CloudLogin& login);

}  // namespace registry
