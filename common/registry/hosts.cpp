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
    result.credentials = http::Credentials{fields.username, fields.password};
  }
  result.scheme = fields.insecure ? HostOptions::Scheme::http : HostOptions::Scheme::https;
  result.ca_certificates = fields.ca_certs;
  return result;
}

}  // namespace registry
