#include "registry/hosts.hpp"

#include <fmt/format.h>

#include "registry/cloud_credentials.hpp"
#include "registry/reference.hpp"

namespace registry {

void describe(json::Fields<HostFields>& fields) {
  fields.required("host", &HostFields::host, "the registry's host, with its port if it has one");
  describe_login(fields);
  fields.optional("insecure", &HostFields::insecure, "speak plain HTTP where the registry has no TLS. Default: false");
  fields.optional("ca_certs", &HostFields::ca_certs,
                  "list of PEM certificates to trust beside the system's, at this host alone");
}

HostOptions to_options(const HostFields& fields, const std::string& path) {
  HostOptions result;
  result.host = parse_repository(fields.host + "/any", path + ".host").host;
  read_login(fields, path, result);
  // Clouds speak TLS alone, and what they give is worth keeping.
  const bool may_be_plain = fields.insecure && !result.cloud;
  result.scheme = may_be_plain ? HostOptions::Scheme::http : HostOptions::Scheme::https;
  result.ca_certificates = fields.ca_certs;
  return result;
}

std::vector<HostOptions> to_options(const std::vector<HostFields>& registries) {
  std::vector<HostOptions> result;
  for (std::size_t i = 0; i < registries.size(); ++i) {
    result.push_back(to_options(registries[i], fmt::format("source.registries[{}]", i)));
  }
  return result;
}

std::vector<HostOptions> hosts_of(const HostFields& own_fields, std::vector<HostOptions> others) {
  HostOptions own = to_options(own_fields, "source");
  own.named_by = "source";
  std::vector<HostOptions> result;
  for (auto& options : others) {
    if (options.host != own.host) {
      result.push_back(std::move(options));
      continue;
    }
    // One host, described twice: what is missing in one place may stand in the other.
    if (own.ca_certificates.empty()) own.ca_certificates = std::move(options.ca_certificates);
    if (options.scheme == HostOptions::Scheme::http) own.scheme = options.scheme;
    if (own.credentials || own.cloud || (!options.credentials && !options.cloud)) continue;
    own.credentials = std::move(options.credentials);
    own.cloud = std::move(options.cloud);
    own.login_fields = std::move(options.login_fields);
    own.named_by = std::move(options.named_by);
  }
  // `insecure` in one place and a cloud's login in the other: what it gives goes by TLS alone.
  if (own.cloud) own.scheme = HostOptions::Scheme::https;
  result.insert(result.begin(), std::move(own));
  return result;
}

std::string contacts_of(const HostOptions& host) {
  const bool plain = host.scheme == HostOptions::Scheme::http;
  const bool is_hub = host.host == docker_hub;
  const auto user = host.cloud ? describe(*host.cloud) : host.credentials ? host.credentials->name() : "";
  auto result = fmt::format("  {}{} by {}, {}\n", host_on_the_wire(host.host), is_hub ? " (Docker Hub)" : "",
                            plain ? "http or https" : "https", user.empty() ? "anonymously" : "as " + user);
  if (is_hub) result += "  auth.docker.io by https, for Docker Hub's tokens\n";
  if (!host.cloud) return result;
  for (const auto& other : contacts(*host.cloud)) {
    result += fmt::format("  {} by {}, for the login to {}\n", other, other == "169.254.169.254" ? "http" : "https",
                          host.host);
  }
  return result;
}

}  // namespace registry
