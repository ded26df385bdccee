// JSON Web Tokens (RFC 7519) signed by an RSA key (RS256: RFC 7518, 3.3): how Google and GitHub are told who asks.
#pragma once

#include <string>

#include "base/secret.hpp"
#include "json/value.hpp"

namespace clouds {

// Error{usage} at `field` for what is not an RSA private key as PEM (PKCS #1 or PKCS #8) that opens without a password.
// Line breaks that a pipeline or a credential manager has turned into blanks or into "\n" do no harm.
void require_rsa_key(const base::Secret& key, const std::string& field);

// `header` gets "alg" and "typ". Errors as above.
[[nodiscard]] std::string sign_jwt(json::Value header, const json::Value& claims, const base::Secret& key,
                                   const std::string& field);

}  // namespace clouds
