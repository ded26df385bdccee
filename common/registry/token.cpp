#include "registry/token.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "http/authenticating.hpp"
#include "json/value.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_token = 1ULL << 20U;
constexpr std::chrono::seconds usual_lifetime{60};
constexpr std::chrono::seconds longest_lifetime{24 * 3600};

std::string joined(const Scopes& scopes) {
  std::string result;
  for (const auto& scope : scopes) result += (result.empty() ? "" : " ") + scope;
  return result;
}

// "repository:acme/app:pull,push" in its parts.
struct Scope {
  std::string_view resource;
  std::string_view actions;
  explicit Scope(std::string_view text) {
    const auto colon = text.rfind(':');
    resource = text.substr(0, colon);
    if (colon != std::string_view::npos) actions = text.substr(colon + 1);
  }
  [[nodiscard]] bool allows(std::string_view action) const {
    for (std::string_view rest = actions; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      if (rest.substr(0, end) == action) return true;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
  }
  [[nodiscard]] bool covers(const Scope& wanted) const {
    if (resource != wanted.resource) return false;
    for (std::string_view rest = wanted.actions; !rest.empty();) {
      const auto end = std::min(rest.find(','), rest.size());
      if (!allows(rest.substr(0, end))) return false;
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return true;
  }
};

}  // namespace

std::string resource_of(const std::string& scope) { return scope.substr(0, scope.rfind(':') + 1); }

bool covers(const Scopes& have, const Scopes& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& needed) {
    return std::any_of(have.begin(), have.end(),
                       [&](const std::string& held) { return held == needed || Scope(held).covers(Scope(needed)); });
  });
}

Scopes merge_scopes(std::string_view challenged, const Scopes& needed) {
  Scopes result;
  const auto add = [&](std::string scope) {
    if (!scope.empty() && std::find(result.begin(), result.end(), scope) == result.end()) {
      result.push_back(std::move(scope));
    }
  };
  while (!challenged.empty()) {
    const auto end = std::min(challenged.find(' '), challenged.size());
    add(std::string(challenged.substr(0, end)));
    challenged.remove_prefix(std::min(end + 1, challenged.size()));
  }
  for (const auto& scope : needed) add(scope);
  return result;
}

http::Request token_request(const http::Url& realm, const std::string& service, const Scopes& scopes,
                            const std::optional<Credential>& credential) {
  http::Request request;
  request.url = realm;
  const auto add = [&](std::string_view name, const std::string& value) {
    request.url.query +=
        fmt::format("{}{}={}", request.url.query.empty() ? "" : "&", name, http::percent_encode(value));
  };
  if (!service.empty()) add("service", service);
  for (const auto& scope : scopes) add("scope", scope);
  if (credential) {
    request.headers.set("Authorization", http::basic_authorization({credential->username, credential->secret}));
  }
  request.headers.set("Accept", "application/json");
  request.body_limit = largest_token;
  return request;
}

http::Request identity_token_request(const http::Url& realm, const std::string& service, const Scopes& scopes,
                                     const base::Secret& identity_token) {
  http::Request request;
  request.method = http::Method::post;
  request.url = realm;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "application/json");
  request.body = http::text_body(
      fmt::format("grant_type=refresh_token&client_id=build-service&service={}&scope={}&refresh_token={}",
                  http::percent_encode(service), http::percent_encode(joined(scopes)),
                  http::percent_encode(identity_token.reveal())));
  request.body_is_secret = true;
  request.repeatable = true;
  request.body_limit = largest_token;
  return request;
}

Token parse_token(std::string_view body, std::string_view realm) {
  const std::string object = fmt::format("the token from {}", realm);
  const json::Value value = json::parse(body, object);
  std::string token = json::text_or(value, "token");
  if (token.empty()) token = json::text_or(value, "access_token");
  if (token.empty() || token.find_first_of("\r\n \t") != std::string::npos) {
    throw Error(ErrorKind::protocol, {"read", object, "the answer does not hold a token", ""});
  }
  auto lifetime = usual_lifetime;
  if (const auto* said = json::find(value, "expires_in"); said != nullptr && said->is_number_unsigned()) {
    const auto seconds = std::min<std::uint64_t>(said->get<std::uint64_t>(), longest_lifetime.count());
    if (seconds > 0) lifetime = std::chrono::seconds(seconds);
  }
  return {base::Secret(std::move(token)), lifetime};
}

std::chrono::milliseconds useful_life(std::chrono::seconds lifetime) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(lifetime) * 3 / 4;
}

}  // namespace registry
