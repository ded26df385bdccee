// Tokens of a GitHub App, each for reading one repository and nothing else: a submodule, or an LFS server in another
// repository, has one of its own. They are in memory alone, and are renewed before they end.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "clouds/github_app.hpp"
#include "clouds/github_refusal.hpp"
#include "http/client.hpp"

namespace clouds {

// Threads share it.
class GithubTokens {
 public:
  // `own` is the repository that the app is given for. `api` talks to GitHub's API alone.
  GithubTokens(GithubApp app, const http::Origin& host, GithubRepository own, std::unique_ptr<http::Client> api,
               base::Log& log);

  // Nothing where the app is not installed on another repository than its own: that may be open to everybody. Errors:
  // those of github_refusal.
  [[nodiscard]] std::optional<base::Secret> token(const GithubRepository& repository);
  // A server took the token.
  void accepted(const GithubRepository& repository, const base::Secret& token);
  // A server answered 401 to it. What to try next, after a pause where one helps: a token that has just been made may
  // not be known on all of GitHub's machines yet, and one that served before has ended. Nothing when neither is so.
  [[nodiscard]] std::optional<base::Secret> after_refusal(const GithubRepository& repository,
                                                          const base::Secret& token);

 private:
  struct Token {
    base::Secret value;  // empty: there is none
    base::SteadyTime since;
    base::SteadyTime renew_at;
    bool is_accepted = false;
  };

  [[nodiscard]] Token fetch(const GithubRepository& repository);
  [[nodiscard]] Token ask_for_token(const GithubRepository& repository, const std::string& installation);
  [[nodiscard]] std::string installation_of(const GithubRepository& repository);
  [[nodiscard]] http::Response ask(http::Request request, GithubQuestion question);
  [[nodiscard]] bool may_ask_again(const http::Response& response, int attempt);
  [[nodiscard]] base::WallTime now() const;

  GithubApp app_;
  http::Url api_;
  GithubRepository own_;
  std::unique_ptr<http::Client> client_;
  base::Log& log_;
  std::mutex mutex_;  // held while one asks: the others need the same answer
  std::map<std::string, Token> tokens_;
  std::map<std::string, std::string> installations_;  // by their owners
  std::chrono::seconds clock_behind_{0};
};

// Sends the tokens of each repository to `host`, and to no other: as the password of x-access-token, which git and LFS
// servers of GitHub take.
[[nodiscard]] std::unique_ptr<http::Client> make_github_authenticating(std::unique_ptr<http::Client> inner,
                                                                       http::Origin host,
                                                                       std::shared_ptr<GithubTokens> tokens);

}  // namespace clouds
