// `registries:` of a request's source: credentials for hosts beside the main one (run image, cache, base).
#pragma once

#include <string>
#include <vector>

#include "json/fields.hpp"
#include "registry/client.hpp"

namespace registry {

struct HostFields {
  std::string host;
  std::string username;
  base::Secret password;
  bool insecure = false;
  std::vector<std::string> ca_certs;
};
void describe(json::Fields<HostFields>& fields);

[[nodiscard]] HostOptions to_options(const HostFields& fields);

// The hosts that a source describes: the one that its own fields are about first, then
// those of `registries`.
[[nodiscard]] std::vector<HostOptions> hosts_of(const HostFields& own, const std::vector<HostFields>& registries);

}  // namespace registry
