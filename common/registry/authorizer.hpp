// The authorization that one registry host asks for: its challenges answered, tokens fetched once for a scope, kept,
// and renewed before they end. Credentials go to this host, and to the realm it names (see registry/places.hpp), and
// nowhere else. Threads share it; none waits for a request that is not its own.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "http/client.hpp"
#include "registry/challenge.hpp"
#include "registry/host_options.hpp"
#include "registry/once.hpp"
#include "registry/token.hpp"

namespace registry {

// What a request is for, and who may end the waiting.
struct Purpose {
  const http::Origin& origin;  // the registry's own
  const Scopes& scopes;
  const base::Cancellation* cancellation = nullptr;
};

class Authorizer {
 public:
  // `host` must live as long.
  Authorizer(http::Client& http, const HostOptions& host, base::Log& log);

  // The Authorization header, empty where none is needed as far as is known.
  [[nodiscard]] std::string header(const Purpose& purpose);
  // Learns from a 401 to a request that carried `used`. Another header that is worth one more try, or nothing.
  [[nodiscard]] std::optional<std::string> answer(const http::Response& response, const Purpose& purpose,
                                                  const std::string& used);
  // Learns from an answer to a question that carried nothing.
  void learn(const http::Response& response);

 private:
  struct CachedToken {
    base::Secret value;
    base::SteadyTime renew_at;
  };

  [[nodiscard]] std::optional<Challenge> known() const;
  [[nodiscard]] std::optional<Credential> credential();
  [[nodiscard]] std::optional<std::string> basic_header();
  [[nodiscard]] std::optional<std::string> renewed_basic_header(const std::string& used);
  [[nodiscard]] std::string bearer_header(const Challenge& challenge, const Purpose& purpose);
  [[nodiscard]] CachedToken fetch(const Challenge& challenge, const Purpose& purpose);
  [[nodiscard]] http::Response ask_realm(const Challenge& challenge, const Purpose& purpose,
                                         const std::optional<Credential>& credential);

  http::Client& http_;
  const HostOptions& host_;
  base::Log& log_;
  Once<Scopes, CachedToken> tokens_;
  mutable std::mutex mutex_;  // guards what follows
  std::optional<Challenge> challenge_;
};

}  // namespace registry
