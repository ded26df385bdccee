#include "registry/authorizer.hpp"

#include "base/error.hpp"
#include "http/authenticating.hpp"
#include "registry/places.hpp"
#include "registry/refusal.hpp"

namespace registry {
namespace {

std::string basic(const Credential& credential) {
  return http::basic_authorization({credential.username, credential.secret});
}

}  // namespace

Authorizer::Authorizer(http::Client& http, const HostOptions& host, base::Log& log)
    : http_(http), host_(host), log_(log) {}

std::optional<Challenge> Authorizer::known() const {
  const std::lock_guard lock(mutex_);
  return challenge_;
}

std::optional<Credential> Authorizer::credential() {
  if (!host_.credentials) return std::nullopt;
  auto result = host_.credentials->credential();
  if (result) log_.redact(result->secret);
  return result;
}

std::optional<std::string> Authorizer::basic_header() {
  const auto current = credential();
  if (!current) return std::nullopt;
  return basic(*current);
}

std::string Authorizer::header(const Purpose& purpose) {
  const auto challenge = known();
  if (!challenge) return "";
  if (challenge->scheme == Challenge::Scheme::basic) return basic_header().value_or("");
  return bearer_header(*challenge, purpose);
}

void Authorizer::learn(const http::Response& response) {
  auto challenge = find_challenge(response.headers);
  if (!challenge) return;
  challenge->scope.clear();  // it was of the request that was challenged, not of those to come
  const std::lock_guard lock(mutex_);
  challenge_ = std::move(challenge);
}

std::optional<std::string> Authorizer::answer(const http::Response& response, const Purpose& purpose,
                                              const std::string& used) {
  learn(response);
  auto challenge = known();
  // A registry that says no more than 401 has passwords (older ones, and proxies before them).
  if (!challenge) challenge = Challenge{Challenge::Scheme::basic, "", "", ""};
  if (challenge->scheme == Challenge::Scheme::basic) {
    auto header = renewed_basic_header(used);
    if (!header) return std::nullopt;
    const std::lock_guard lock(mutex_);
    challenge_ = challenge;
    return header;
  }
  if (const auto asked = find_challenge(response.headers)) challenge->scope = asked->scope;
  // Another thread may have renewed the token meanwhile: then that one is tried.
  tokens_.drop([&](const CachedToken& token) { return http::bearer_authorization(token.value) == used; });
  return bearer_header(*challenge, purpose);
}

std::optional<std::string> Authorizer::renewed_basic_header(const std::string& used) {
  const auto current = credential();
  if (!current) return std::nullopt;
  if (auto header = basic(*current); header != used) return header;
  if (!host_.credentials->renew(*current)) return std::nullopt;
  auto header = basic_header();
  return header == used ? std::nullopt : header;
}

std::string Authorizer::bearer_header(const Challenge& challenge, const Purpose& purpose) {
  const auto is_good = [&](const CachedToken& token) { return log_.clock().steady_now() < token.renew_at; };
  // Tokens of one repository stand side by side: their scopes begin with it.
  const auto resource = purpose.scopes.empty() ? "" : resource_of(purpose.scopes.front());
  const auto broader = tokens_.find(
      {resource}, [&](const Scopes& scopes) { return !scopes.empty() && scopes.front().starts_with(resource); },
      [&](const Scopes& scopes, const CachedToken& token) { return is_good(token) && covers(scopes, purpose.scopes); });
  if (broader) return http::bearer_authorization(broader->value);
  const auto token = tokens_.get(
      purpose.scopes, is_good, [&] { return fetch(challenge, purpose); }, purpose.cancellation);
  return http::bearer_authorization(token.value);
}

Authorizer::CachedToken Authorizer::fetch(const Challenge& challenge, const Purpose& purpose) {
  auto current = credential();
  auto response = ask_realm(challenge, purpose, current);
  if (response.status == 401 && current && host_.credentials->renew(*current)) {
    current = credential();
    response = ask_realm(challenge, purpose, current);
  }
  if (!response.ok()) throw refusal_error(host_, "log in to", "registry " + host_.host, response);
  auto token = parse_token(response.body, check_realm(challenge.realm, purpose.origin).shown());
  log_.redact(token.value);
  return {std::move(token.value), log_.clock().steady_now() + useful_life(token.lifetime)};
}

http::Response Authorizer::ask_realm(const Challenge& challenge, const Purpose& purpose,
                                     const std::optional<Credential>& credential) {
  const http::Url realm = check_realm(challenge.realm, purpose.origin);
  const auto scopes = merge_scopes(challenge.scope, purpose.scopes);
  const auto send = [&](http::Request request) {
    request.judge_redirect = [&](const http::Url& target) { require_realm(target, purpose.origin); };
    return http_.send(request);
  };
  if (credential && credential->kind == Credential::Kind::identity_token) {
    auto response = send(identity_token_request(realm, challenge.service, scopes, credential->secret));
    // Token servers that know no OAuth2 answer 404 to the POST.
    if (response.status != 404) return response;
  }
  return send(token_request(realm, challenge.service, scopes, credential));
}

}  // namespace registry
