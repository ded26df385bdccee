#include "image/locating.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "clouds/ecr_host.hpp"
#include "registry/connection.hpp"

namespace image {

Source located(Source source, concourse::Context& context) {
  auto& own = source.hosts.front();
  const auto name = clouds::parse_ecr_host(own.host);
  if (!own.cloud || !name || !name->account.empty()) return source;
  const auto credentials = registry::open_login(own, context);
  const auto host = credentials->registry();
  const auto told = clouds::parse_ecr_host(host);
  // What is told becomes a host that passwords are sent to.
  if (!told || told->account.empty() || told->region != name->region) {
    throw base::Error(base::ErrorKind::protocol, {"find the registry of", "repository " + source.repository.path,
                                                  fmt::format("ECR names \"{}\", which is not one in {}",
                                                              base::printable(host, 128), name->region),
                                                  "give source.aws_account_id"});
  }
  own.host = host;
  own.credentials = credentials;
  source.repository.host = host;
  source.written_repository = source.repository.text();
  return source;
}

}  // namespace image
