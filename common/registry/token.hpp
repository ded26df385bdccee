// Docker's "Token Authentication Specification" and "OAuth2 Authentication" as pure functions; registry/authorizer.hpp
// applies them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "http/message.hpp"
#include "registry/credentials.hpp"

namespace registry {

// "repository:acme/app:pull": what a token is good for.
using Scopes = std::vector<std::string>;

// The challenge's own scopes first, then those that the request needs; none twice.
[[nodiscard]] Scopes merge_scopes(std::string_view challenged, const Scopes& needed);

// "repository:acme/app:" of "repository:acme/app:pull,push".
[[nodiscard]] std::string resource_of(const std::string& scope);

// Whether a token for `have` serves a request that needs `wanted`: "pull,push" serves "pull".
[[nodiscard]] bool covers(const Scopes& have, const Scopes& wanted);

// Asks the realm for a token: by GET with Basic, or by POST with an identity token.
[[nodiscard]] http::Request token_request(const http::Url& realm, const std::string& service, const Scopes& scopes,
                                          const std::optional<Credential>& credential);
[[nodiscard]] http::Request identity_token_request(const http::Url& realm, const std::string& service,
                                                   const Scopes& scopes, const base::Secret& identity_token);

struct Token {
  base::Secret value;
  std::chrono::seconds lifetime;
};

// Reads `token` or `access_token`; a lifetime that is not said is 60 seconds. Error{protocol}.
[[nodiscard]] Token parse_token(std::string_view body, std::string_view realm);

// When a token is replaced: well before its end, since a long upload must not meet it.
[[nodiscard]] std::chrono::milliseconds useful_life(std::chrono::seconds lifetime);

}  // namespace registry
