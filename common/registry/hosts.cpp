#include "registry/hosts.hpp"

#include "registry/reference.hpp"

namespace registry {

void describe(json::Fields<HostFields>& fields) {
  fields.required("host", &HostFields::host, "the registry's host, with its port if it has one");
  fields.optional("username", &HostFields::username, "user name; \"<token>\" when the password is an identity token");
  fields.optional("password", &HostFields::password, "password or token");
  fields.optional("insecure", &HostFields::insecure, "whether plain HTTP may be used");
  fields.optional("ca_certs", &HostFields::ca_certs,
                  "PEM certificates to trust beside the system's, at this host alone");
}

HostOptions to_options(const HostFields& fields) {
  HostOptions result;
  result.host = parse_repository(fields.host + "/any", "registries.host").host;
  if (!fields.username.empty() || !fields.password.empty()) {
    result.credentials = static_credentials({fields.username, fields.password});
  }
  result.scheme = fields.insecure ? HostOptions::Scheme::http : HostOptions::Scheme::https;
  result.ca_certificates = fields.ca_certs;
  return result;
}

std::vector<HostOptions> hosts_of(const HostFields& own_fields, const std::vector<HostFields>& registries) {
  HostOptions own = to_options(own_fields);
  own.named_by = "source";
  std::vector<HostOptions> result;
  for (const auto& entry : registries) {
    auto options = to_options(entry);
    if (options.host != own.host) {
      result.push_back(std::move(options));
      continue;
    }
    // One host, described twice: what is missing in one place may stand in the other.
    if (own.ca_certificates.empty()) own.ca_certificates = std::move(options.ca_certificates);
    if (options.scheme == HostOptions::Scheme::http) own.scheme = options.scheme;
    if (own.credentials || !options.credentials) continue;
    own.credentials = std::move(options.credentials);
    own.named_by = std::move(options.named_by);
  }
  result.insert(result.begin(), std::move(own));
  return result;
}

}  // namespace registry
