// Where the credentials of a registry come from: a seam, because some stand in the request and others are fetched from
// a cloud and renewed while the step runs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "http/url.hpp"

namespace registry {

struct Credential {
  enum class Kind {
    password,        // user name and password: Basic, or Basic at the token server
    identity_token,  // an OAuth2 refresh token, exchanged at the token server by POST
  } kind = Kind::password;
  std::string username;
  base::Secret secret;
  friend bool operator==(const Credential&, const Credential&) = default;
};

// Threads share it; it holds no lock while it asks others, or each of them waits for all.
class CredentialSource {
 public:
  virtual ~CredentialSource() = default;
  // The credential that is good now, renewed before its end. Nothing: the host is asked anonymously.
  [[nodiscard]] virtual std::optional<Credential> credential() = 0;
  // The registry, or its token server, answered 401 to this one. Whether the next credential() may be another.
  [[nodiscard]] virtual bool renew(const Credential& refused) = 0;
  // Whose it is, for people: a user name, a role. Never a secret.
  [[nodiscard]] virtual std::string name() const = 0;
  // What stood in the request, for the log to mask before anything is done.
  [[nodiscard]] virtual std::vector<base::Secret> secrets() const = 0;
};

// What stands in the request and stays. Docker's convention holds: a password of the user "<token>" is an identity
// token.
[[nodiscard]] std::shared_ptr<CredentialSource> static_credentials(http::Credentials credentials);

}  // namespace registry
