// A GitHub App as the login of a git repository (docs.github.com, "Authenticating as a GitHub App installation"): the
// app's key signs an assertion, GitHub's API gives a token for it that reads one repository for an hour.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "http/url.hpp"
#include "json/fields.hpp"

namespace clouds {

// As written by the user; read_github_app() turns it into a GithubApp.
struct GithubAppFields {
  std::string app_id;
  std::string installation_id;
  base::Secret private_key;
  std::string api;
};
void describe(json::Fields<GithubAppFields>& fields);

struct GithubApp {
  std::string id;               // the app's number, or its client ID
  std::string installation_id;  // a number; empty: GitHub is asked which installation has a repository
  base::Secret private_key;     // RSA, PEM
  std::optional<http::Url> api;
  std::string named_by;  // "source.github_app"
};

// Error{usage} below `path`, for a key that cannot sign as well.
[[nodiscard]] GithubApp read_github_app(const GithubAppFields& fields, const std::string& path);

// A repository of GitHub, in its own letters.
struct GithubRepository {
  std::string owner;
  std::string name;
  [[nodiscard]] std::string text() const { return owner + "/" + name; }
};

// Whose request this is: "/acme/app.git/info/refs" is one of acme/app. Nothing where a path names no repository.
[[nodiscard]] std::optional<GithubRepository> github_repository_of(std::string_view path);
// GitHub's names compare without case.
[[nodiscard]] bool is_same(const GithubRepository& one, const GithubRepository& other);

// The repository at an address. Error{usage} at `field` where that is not https://HOST/OWNER/NAME.
[[nodiscard]] GithubRepository require_github_repository(const http::Url& url, const std::string& field);

// Where the API of a host is (docs.github.com, "Getting started with the REST API"): api.github.com for github.com,
// api.SUBDOMAIN.ghe.com for SUBDOMAIN.ghe.com, HOST/api/v3 for GitHub Enterprise Server.
[[nodiscard]] http::Url github_api_of(const http::Origin& host);

// For an address that the author of the source did not write: whether it is at the app's own GitHub. That is the host
// of the API that was given, else github.com or a subdomain of ghe.com; what claims to be a server of somebody's own is
// not known then, and would be given an assertion that opens all that the app may read.
[[nodiscard]] bool is_own_host(const GithubApp& app, const http::Origin& host);

// The assertion for the API. It begins a minute before `now`, as GitHub advises, and ends before the ten minutes that
// GitHub allows, so that a clock which is a minute wrong does no harm.
[[nodiscard]] base::Secret github_assertion(const GithubApp& app, base::WallTime now);

}  // namespace clouds
