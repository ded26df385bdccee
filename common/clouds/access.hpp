// How a login reaches a cloud: what it may know of the world.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/environment.hpp"
#include "base/secret.hpp"
#include "http/client.hpp"

namespace clouds {

struct Access {
  http::Client& api;       // the cloud's endpoints, verified by the system's certificates
  http::Client& registry;  // the registry's own host, by the certificates that are trusted there
  // The metadata service of the machine, at a link-local address that only the machine itself answers: plain HTTP, and
  // never by a proxy.
  http::Client& metadata;
  const base::Environment& environment;
  base::Clock& clock;
};

// What a registry takes, and for how long.
struct RegistryLogin {
  std::string username;
  base::Secret password;
  std::chrono::seconds lifetime{0};
  std::string registry = "";  // the host that it is for, where the cloud says so
};

}  // namespace clouds
