// The authenticated conversation with one registry host. It answers challenges, keeps tokens and renews them before
// they end, finds out whether a loopback or `insecure` host speaks plain HTTP, and bounds the connections in use.
// Threads share it. Credentials go to this host, and to the realm it names (see check_realm), and nowhere else.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <semaphore>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "http/client.hpp"
#include "registry/auth.hpp"
#include "registry/client.hpp"

namespace registry {

// "repository:acme/app:pull": what a token is good for.
[[nodiscard]] std::string pull_scope(const Repository& repository);
[[nodiscard]] std::string push_scope(const Repository& repository);
[[nodiscard]] std::string delete_scope(const Repository& repository);

class Session {
 public:
  Session(http::Client& http, HostOptions options, base::Log& log);

  // A URL below /v2/ of this host; `path` is "acme/app/manifests/latest".
  [[nodiscard]] http::Url url(const std::string& path);
  // What a Location or Link header of this registry points to. Error{protocol}.
  [[nodiscard]] http::Url follow(const http::Url& from, const std::string& location);

  // Sends with the authorization that the host asks for. A 401 is answered once.
  [[nodiscard]] http::Response send(http::Request request, const std::vector<std::string>& scopes);

  // An error for a refused request, with what the registry says and which field holds the credentials.
  [[nodiscard]] base::Error refusal(const std::string& action, const std::string& object,
                                    const http::Response& response) const;

 private:
  struct CachedToken {
    base::Secret value;
    base::SteadyTime renew_at;
  };

  const http::Origin& origin();
  [[nodiscard]] http::Origin find_origin();
  http::Response send_bounded(const http::Request& request);
  // The Authorization header for these scopes, empty when none is needed as far as is known.
  std::string authorization(const std::vector<std::string>& scopes);
  // Learns from a 401; whether another authorization than `used` is now at hand.
  bool answer(const http::Response& response, const std::vector<std::string>& scopes, const std::string& used);
  const CachedToken& token(const std::vector<std::string>& scopes);
  [[nodiscard]] Token fetch_token(const std::vector<std::string>& scopes);

  http::Client& http_;
  HostOptions options_;
  base::Log& log_;
  std::counting_semaphore<> slots_;
  std::mutex mutex_;  // guards what follows
  std::optional<http::Origin> origin_;
  std::optional<Challenge> challenge_;
  std::map<std::vector<std::string>, CachedToken> tokens_;
};

}  // namespace registry
