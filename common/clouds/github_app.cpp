#include "clouds/github_app.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "clouds/jwt.hpp"

namespace clouds {
namespace {

constexpr std::chrono::seconds before_now(60);
constexpr std::chrono::seconds after_now(540);
constexpr std::size_t longest_name = 100;
constexpr std::size_t longest_number = 18;

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= longest_number &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What GitHub allows in the names of owners, repositories and clients.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && text != "." && text != ".." &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
           return letter || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
         });
}

http::Url read_api(const std::string& text, const std::string& field) {
  auto url = http::Url::parse(text);
  if (!url || url->origin.scheme != "https" || url->credentials || !url->query.empty()) {
    json::wrong_value(field, "it is not an https URL", "give it as https://github.example.com/api/v3");
  }
  while (url->path.ends_with('/')) url->path.pop_back();
  return *std::move(url);
}

}  // namespace

void describe(json::Fields<GithubAppFields>& fields) {
  fields.required("app_id", &GithubAppFields::app_id, "the number or the client ID of the app");
  fields.optional("installation_id", &GithubAppFields::installation_id,
                  "the number of the app's installation. Default: that of the installation which has the repository");
  fields.required("private_key", &GithubAppFields::private_key, "a private key of the app, as its .pem file has it");
  fields.optional("api", &GithubAppFields::api,
                  "the URL of GitHub's API. Default: `https://api.github.com` for github.com, "
                  "`https://api.NAME.ghe.com` for NAME.ghe.com, `https://HOST/api/v3` for another host");
}

GithubApp read_github_app(const GithubAppFields& fields, const std::string& path) {
  if (!is_name(fields.app_id)) {
    json::wrong_value(path + ".app_id", fmt::format("\"{}\" is not the ID of an app", fields.app_id),
                      "give the App ID or the Client ID from the app's settings");
  }
  if (!fields.installation_id.empty() && !is_number(fields.installation_id)) {
    json::wrong_value(path + ".installation_id", fmt::format("\"{}\" is not a number", fields.installation_id),
                      "give the number at the end of the URL of the installation's page, or leave the field out");
  }
  require_rsa_key(fields.private_key, path + ".private_key");
  GithubApp app{fields.app_id, fields.installation_id, fields.private_key, std::nullopt, path};
  if (!fields.api.empty()) app.api = read_api(fields.api, path + ".api");
  return app;
}

std::optional<GithubRepository> github_repository_of(std::string_view path) {
  if (!path.starts_with('/')) return std::nullopt;
  path.remove_prefix(1);
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto owner = path.substr(0, slash);
  auto name = path.substr(slash + 1);
  name = name.substr(0, name.find('/'));
  if (name.ends_with(".git")) name.remove_suffix(4);
  if (!is_name(owner) || !is_name(name)) return std::nullopt;
  return GithubRepository{std::string(owner), std::string(name)};
}

GithubRepository require_github_repository(const http::Url& url, const std::string& field) {
  if (url.origin.scheme != "https") {
    json::wrong_value(field, "github_app would send its tokens in the clear", "give it as https://HOST/OWNER/NAME");
  }
  auto path = url.path;
  while (path.ends_with('/')) path.pop_back();
  auto repository = github_repository_of(path);
  if (!repository || std::count(path.begin(), path.end(), '/') != 2) {
    json::wrong_value(field, "it does not name a repository of GitHub, which github_app needs",
                      "give it as https://HOST/OWNER/NAME");
  }
  return *std::move(repository);
}

bool is_same(const GithubRepository& one, const GithubRepository& other) {
  return base::lowered(one.text()) == base::lowered(other.text());
}

http::Url github_api_of(const http::Origin& host) {
  http::Url api{host, "", "", std::nullopt};
  if (host.host == "github.com" || host.host == "www.github.com") {
    api.origin.host = "api.github.com";
  } else if (host.host.ends_with(".ghe.com")) {
    api.origin.host = "api." + host.host;
  } else {
    api.path = "/api/v3";
  }
  return api;
}

bool is_own_host(const GithubApp& app, const http::Origin& host) {
  const auto usual = github_api_of(host).origin;
  const bool is_cloud = usual.host != host.host;
  return app.api ? app.api->origin.host == usual.host : is_cloud;
}

base::Secret github_assertion(const GithubApp& app, base::WallTime now) {
  json::Value claims = {{"iat", (now - before_now).time_since_epoch().count()},
                        {"exp", (now + after_now).time_since_epoch().count()},
                        {"iss", app.id}};
  // GitHub Enterprise Server takes a number for nothing but a number ("'Issuer' claim ('iss') must be an Integer").
  if (is_number(app.id)) claims["iss"] = std::stoll(app.id);
  return base::Secret(sign_jwt(json::Value::object(), claims, app.private_key, app.named_by + ".private_key"));
}

}  // namespace clouds
