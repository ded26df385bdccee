#include "kpack_image/explain.hpp"

#include <fmt/format.h>

#include "clouds/google.hpp"
#include "kpack_image/kind.hpp"

namespace kpack_image {
namespace {

std::string identity_of(const kubernetes::Access& access) {
  if (std::holds_alternative<base::Secret>(access.identity)) return "by a token";
  if (const auto* file = std::get_if<kubernetes::TokenFile>(&access.identity)) return "by the token in " + file->path;
  if (const auto* user = std::get_if<http::Credentials>(&access.identity)) return "as " + user->username;
  return access.client_certificate ? "by a client certificate" : "anonymously";
}

std::string way_of(const kubernetes::Cluster& cluster) {
  if (const auto* key = std::get_if<clouds::GoogleKey>(&cluster.login)) {
    return fmt::format("as {}, by a token of {}", key->client_email, key->token_uri.authority());
  }
  if (const auto* login = std::get_if<kubernetes::UaaLogin>(&cluster.login)) {
    return fmt::format("as {}, by a token of {}", login->credentials.username, login->token_url.authority());
  }
  return identity_of(cluster.access);
}

}  // namespace

std::string explain(const Source& source) {
  const auto& access = source.cluster.access;
  auto result =
      fmt::format("{}\nthe Image {} in namespace {}\nwould contact\n  {} by {}{}, {}\n", concourse::describe(kind()),
                  source.image, source.space, access.server.authority(), access.server.origin.scheme,
                  access.verification == http::Verification::on ? "" : " without verifying its certificate",
                  way_of(source.cluster));
  for (const auto& host : source.hosts) {
    result += fmt::format("  {} for source images, {}\n", host.host,
                          host.credentials ? "as " + host.credentials->name() : "anonymously");
  }
  return result;
}

}  // namespace kpack_image
