// Signing in to Google by a service account's key: a signed assertion is exchanged for an access token
// (RFC 7523; "Using OAuth 2.0 for server to server applications").
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "http/url.hpp"
#include "json/value.hpp"

namespace clouds {

struct GoogleKey {
  std::string client_email;
  std::string key_id;
  base::Secret private_key;  // PEM
  http::Url token_uri;
};

// `json_key` is the file that Google gives, as text or as the object that it is. Error{usage} below `path`; the token
// server must be reached by https, or be this machine.
[[nodiscard]] GoogleKey read_google_key(const json::Value& json_key, const std::string& path);

// The form to send to token_uri: an assertion signed by RS256 (RFC 7518, 3.3), good for an hour from `now`.
[[nodiscard]] std::string token_form(const GoogleKey& key, base::WallTime now, const std::string& path);

}  // namespace clouds
