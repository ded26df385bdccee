// Decorators that send credentials with every request to the one origin they belong to (one of http on port 80 may move
// to https on port 443), and to no other.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/secret.hpp"
#include "http/client.hpp"

namespace http {

[[nodiscard]] std::string basic_authorization(const Credentials& credentials);
[[nodiscard]] std::string bearer_authorization(const base::Secret& token);

// Basic credentials, from the first request on.
[[nodiscard]] std::unique_ptr<Client> make_basic_authenticating(std::unique_ptr<Client> inner, Origin origin,
                                                                Credentials credentials);

// Where a bearer token comes from that may change while the program runs: a file that a kubelet renews, a command.
// Threads share it.
class TokenSource {
 public:
  virtual ~TokenSource() = default;
  // The token that is good now; an empty one means that none is sent. Error when none can be had.
  [[nodiscard]] virtual base::Secret token() = 0;
  // The server answered 401 to this one. The next token() may give another.
  virtual void rejected(const base::Secret& token) = 0;
};

// A bearer token (RFC 6750). A 401 is answered once, when the source then has another token.
[[nodiscard]] std::unique_ptr<Client> make_bearer_authenticating(std::unique_ptr<Client> inner, Origin origin,
                                                                 std::shared_ptr<TokenSource> source);

// Header fields, which may be secrets too.
[[nodiscard]] std::unique_ptr<Client> make_header_adding(std::unique_ptr<Client> inner, Origin origin,
                                                         std::vector<std::pair<std::string, std::string>> headers);

}  // namespace http
