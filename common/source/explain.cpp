#include "source/explain.hpp"

#include <fmt/format.h>

#include "source/kind.hpp"

namespace source {
namespace {

std::string way_of(const Source& source) {
  if (std::holds_alternative<git::LocalLocation>(source.location.where))
    return "nobody: a git-upload-pack process reads it";
  if (const auto* ssh = std::get_if<git::SshLocation>(&source.location.where)) {
    return fmt::format("ssh to {} port {}", ssh->host, ssh->port.value_or(22));
  }
  const auto& url = std::get<http::Url>(source.location.where);
  std::string text = fmt::format("{} to {} port {}", url.origin.scheme, url.origin.host, url.origin.port);
  if (source.fields.https_tunnel) text += fmt::format(" through the proxy {}", source.fields.https_tunnel->proxy_host);
  if (source.github_app) {
    const auto api = source.github_app->api.value_or(clouds::github_api_of(url.origin));
    return text + fmt::format(", with tokens of the GitHub App {} from {}", source.github_app->id, api.shown());
  }
  text += source.credentials ? ", with credentials" : ", without credentials";
  return text;
}

}  // namespace

std::string explain(const Source& source) {
  const auto branch = source.branch ? "branch " + *source.branch : "the branch that its HEAD names";
  return fmt::format("{}\nrepository {}, {}\nwould contact\n  {}\n", concourse::describe(kind()), source.named.text(),
                     branch, way_of(source));
}

}  // namespace source
