// What a step talks to registries with: the HTTP client and the registry client on it.
#pragma once

#include <memory>
#include <vector>

#include "concourse/context.hpp"
#include "http/client.hpp"
#include "registry/client.hpp"
#include "registry/cloud_credentials.hpp"

namespace registry {

struct Connection {
  std::unique_ptr<http::Client> http;
  std::unique_ptr<Client> registry;
};

// Makes the credentials of a host with a cloud's login, where they are not there yet. Nothing is contacted.
[[nodiscard]] std::shared_ptr<CloudCredentials> open_login(const HostOptions& host, concourse::Context& context);

// Makes every password known to the log, so that none can be printed. Nothing is contacted yet.
[[nodiscard]] Connection connect(std::vector<HostOptions> hosts, concourse::Context& context);

}  // namespace registry
