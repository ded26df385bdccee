#include "registry/connection.hpp"

namespace registry {

Connection connect(std::vector<HostOptions> hosts, concourse::Context& context) {
  const auto make_http = [&](std::vector<std::string> authorities, const std::string& field, std::string remedy) {
    http::ConnectionOptions options;
    options.ca_certificates = std::move(authorities);
    options.certificates_named_by = field;
    options.certificate_remedy = std::move(remedy);
    return http::make_client(context.environment, std::move(options), context.random, context.log);
  };
  for (auto& host : hosts) {
    if (host.credentials) {
      for (const auto& secret : host.credentials->secrets()) context.log.redact(secret);
    }
    if (host.ca_certificates.empty()) continue;
    const std::string field = host.named_by + ".ca_certs";
    host.http = make_http(host.ca_certificates, field, "add its authority to " + field);
  }
  Connection result;
  result.http = make_http(
      {}, "",
      "add its authority to source.ca_certs, or, for another host than the image's, to ca_certs in source.registries");
  result.registry = make_client(*result.http, std::move(hosts), context.log);
  return result;
}

}  // namespace registry
