// What a registry asks of a client that wants in: the challenges of RFC 9110, 11.6.1, and the tokens of Docker's
// "Token Authentication Specification" and "OAuth2 Authentication". Pure functions; registry/session.hpp applies them.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.hpp"
#include "http/message.hpp"
#include "http/url.hpp"

namespace registry {

struct Challenge {
  enum class Scheme { basic, bearer } scheme;
  std::string realm;
  std::string service;
  std::string scope;  // blanks between several
};

// The strongest challenge of a 401 that this client can answer: Bearer before Basic. Nothing when there is none.
[[nodiscard]] std::optional<Challenge> find_challenge(const http::Headers& headers);

// Where tokens come from. A registry may not send credentials to just any place: the realm is https unless the
// registry itself is plain http, and no private or loopback address unless it is the registry's own host.
// Error{protocol}.
[[nodiscard]] http::Url check_realm(const std::string& realm, const http::Origin& registry);

// Whether an address is of this machine or its network (RFC 1918, 4193, 3927, loopback), however it is spelt.
[[nodiscard]] bool is_private_host(std::string_view host);
[[nodiscard]] bool is_loopback_host(std::string_view host);

// The challenge's own scopes first, then those that the request needs; none twice.
[[nodiscard]] std::vector<std::string> merge_scopes(std::string_view challenged,
                                                    const std::vector<std::string>& needed);

// Docker's convention: a password of this user is an identity token (an OAuth2 refresh token).
inline constexpr std::string_view identity_token_user = "<token>";

// Asks the realm for a token: by GET with Basic, or by POST with an identity token.
[[nodiscard]] http::Request token_request(const http::Url& realm, const std::string& service,
                                          const std::vector<std::string>& scopes,
                                          const std::optional<http::Credentials>& credentials);
[[nodiscard]] http::Request identity_token_request(const http::Url& realm, const std::string& service,
                                                   const std::vector<std::string>& scopes,
                                                   const base::Secret& identity_token);

struct Token {
  base::Secret value;
  std::chrono::seconds lifetime;
};

// Reads `token` or `access_token`; a lifetime that is not said is 60 seconds. Error{protocol}.
[[nodiscard]] Token parse_token(std::string_view body, std::string_view realm);

// When a token is replaced: well before its end, since a long upload must not meet it.
[[nodiscard]] std::chrono::milliseconds useful_life(std::chrono::seconds lifetime);

// What a registry says of a failure: "MANIFEST_UNKNOWN: manifest unknown" (distribution-spec, "Error Codes").
[[nodiscard]] std::string error_detail(std::string_view body);
// The first error's code ("MANIFEST_BLOB_UNKNOWN"), for decisions; empty where the body has none.
[[nodiscard]] std::string error_code(std::string_view body);

}  // namespace registry
