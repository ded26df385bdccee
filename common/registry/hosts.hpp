// `registries:` of a request's source: credentials for hosts beside the main one (run image, cache, base).
#pragma once

#include <string>
#include <vector>

#include "json/fields.hpp"
#include "registry/client.hpp"
#include "registry/login.hpp"

namespace registry {

struct HostFields : LoginFields {
  std::string host;
  bool insecure = false;
  std::vector<std::string> ca_certs;
};
void describe(json::Fields<HostFields>& fields);

// `path` is where the fields stand, for errors: "source", "source.registries[0]". Error{usage}.
[[nodiscard]] HostOptions to_options(const HostFields& fields, const std::string& path);
// Of `source.registries`.
[[nodiscard]] std::vector<HostOptions> to_options(const std::vector<HostFields>& registries);

// The hosts that a source describes: the one that its own fields are about first, then those of `registries`.
[[nodiscard]] std::vector<HostOptions> hosts_of(const HostFields& own, std::vector<HostOptions> others);

// For --explain: a line for each host that is contacted, since Docker Hub and clouds have several.
[[nodiscard]] std::string contacts_of(const HostOptions& host);

}  // namespace registry
