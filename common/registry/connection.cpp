#include "registry/connection.hpp"

namespace registry {

Connection connect(std::vector<HostOptions> hosts, concourse::Context& context) {
  const auto make_http = [&](std::vector<std::string> authorities, std::string remedy) {
    http::ConnectionOptions options;
    options.ca_certificates = std::move(authorities);
    options.certificate_remedy = std::move(remedy);
    return http::make_client(context.environment, std::move(options), context.random, context.log);
  };
  for (auto& host : hosts) {
    if (host.credentials) context.log.redact(host.credentials->password);
    if (host.ca_certificates.empty()) continue;
    host.http = make_http(host.ca_certificates, "add its authority to " + host.named_by + ".ca_certs");
  }
  Connection result;
  result.http = make_http(
      {},
      "add its authority to source.ca_certs, or, for another host than the image's, to ca_certs in source.registries");
  result.registry = make_client(*result.http, std::move(hosts), context.log);
  return result;
}

}  // namespace registry
