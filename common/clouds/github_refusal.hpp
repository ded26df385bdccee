// What GitHub's API means by refusing a token to an app, as one line that says what to do
// (docs.github.com, "REST API endpoints for GitHub Apps").
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "clouds/github_app.hpp"
#include "http/message.hpp"

namespace clouds {

struct GithubQuestion {
  enum class Of { installation, token } of = Of::token;
  GithubRepository repository;
  std::string installation_id;  // of a token
  http::Url api;
  base::WallTime now;  // by the worker's clock
  // "a token for acme/app from https://api.github.com"
  [[nodiscard]] std::string object() const;
};

// {denied} for an app, a key or an installation that is refused; {not_found} where the app is not installed on the
// repository; {transient} for a limit of requests; {protocol} for what is not GitHub's API.
[[nodiscard]] base::Error github_refusal(const http::Response& response, const GithubApp& app,
                                         const GithubQuestion& question);

// How long GitHub asks to wait: by Retry-After, or until the limit of requests is renewed. Nothing where an answer does
// not speak of a limit.
[[nodiscard]] std::optional<std::chrono::seconds> github_pause(const http::Response& response, base::WallTime now);

// As http::clock_behind(), where that is more than an assertion bears.
[[nodiscard]] std::optional<std::chrono::seconds> clock_behind(const http::Response& response, base::WallTime now);

}  // namespace clouds
