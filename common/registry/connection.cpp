#include "registry/connection.hpp"

#include <fmt/format.h>
#include <map>

#include "http/curl_client.hpp"
#include "http/pacing.hpp"
#include "http/progress.hpp"
#include "http/redirecting.hpp"
#include "http/retrying.hpp"

namespace registry {
namespace {

// Of the host that an origin belongs to.
http::BoundOf bounds_of(const std::vector<HostOptions>& hosts) {
  std::map<std::string, double> bounds;
  for (const auto& host : hosts) {
    if (host.limits.writes_per_minute) bounds.emplace(host.host, *host.limits.writes_per_minute);
  }
  return [bounds](const http::Origin& origin) -> std::optional<double> {
    for (const auto& name : {origin.host, fmt::format("{}:{}", origin.host, origin.port)}) {
      const auto found = bounds.find(name);
      if (found != bounds.end()) return found->second;
    }
    return std::nullopt;
  };
}

// Of a cloud's endpoints: nothing that they redirect to is followed.
std::shared_ptr<http::Client> make_api_client(concourse::Context& context) {
  http::ConnectionOptions options;
  options.certificate_remedy = "add its authority to the worker's certificates";
  return http::make_retrying(http::make_curl_client(context.environment, std::move(options), context.log),
                             http::RetryPolicy{}, context.random, context.log);
}

// Of the machine's own service: without the environment there is no proxy.
std::shared_ptr<http::Client> make_metadata_client(base::Log& log) {
  http::ConnectionOptions options;
  options.connect_timeout = std::chrono::seconds(2);
  return http::make_curl_client(base::Environment(), std::move(options), log);
}

}  // namespace

std::shared_ptr<CloudCredentials> open_login(const HostOptions& host, concourse::Context& context) {
  auto api = make_api_client(context);
  auto registry = host.http ? host.http : api;
  auto result =
      make_cloud_credentials(*host.cloud, {std::move(api), std::move(registry), make_metadata_client(context.log)},
                             context.environment, context.log);
  for (const auto& secret : result->secrets()) context.log.redact(secret);
  return result;
}

Connection connect(std::vector<HostOptions> hosts, concourse::Context& context) {
  const auto bound = bounds_of(hosts);
  const auto make_http = [&](std::vector<std::string> authorities, const std::string& field, std::string remedy) {
    http::ConnectionOptions options;
    options.ca_certificates = std::move(authorities);
    options.certificates_named_by = field;
    options.certificate_remedy = std::move(remedy);
    auto client = http::make_curl_client(context.environment, std::move(options), context.log);
    client = http::make_redirecting(http::make_progress_showing(std::move(client), context.log));
    client = http::make_pacing(std::move(client), bound, context.log);
    return http::make_retrying(std::move(client), http::RetryPolicy{}, context.random, context.log);
  };
  for (auto& host : hosts) {
    if (host.credentials) {
      for (const auto& secret : host.credentials->secrets()) context.log.redact(secret);
    }
    if (!host.ca_certificates.empty()) {
      const std::string field = host.named_by + ".ca_certs";
      host.http = make_http(host.ca_certificates, field, "add its authority to " + field);
    }
    if (host.cloud && !host.credentials) host.credentials = open_login(host, context);
  }
  Connection result;
  result.http = make_http(
      {}, "",
      "add its authority to source.ca_certs, or, for another host than the image's, to ca_certs in source.registries");
  result.registry = make_client(*result.http, std::move(hosts), context.log);
  return result;
}

}  // namespace registry
