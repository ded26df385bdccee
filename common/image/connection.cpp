#include "image/connection.hpp"

namespace image {

Connection connect(const Source& source, concourse::Context& context) {
  http::ConnectionOptions options;
  options.certificate_remedy = "add its authority to source.ca_certs";
  for (const auto& host : source.hosts) {
    if (host.credentials) context.log.redact(host.credentials->password);
    options.ca_certificates.insert(options.ca_certificates.end(), host.ca_certificates.begin(),
                                   host.ca_certificates.end());
  }
  Connection result;
  result.http = http::make_client(context.environment, std::move(options), context.random, context.log);
  result.registry = registry::make_client(*result.http, source.hosts, context.log);
  return result;
}

}  // namespace image
