#include "clouds/google_registry.hpp"

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "clouds/oauth.hpp"
#include "json/errors.hpp"

namespace clouds {
namespace {

constexpr std::string_view key_user = "_json_key";
constexpr std::string_view encoded_key_user = "_json_key_base64";
constexpr std::string_view token_user = "oauth2accesstoken";

}  // namespace

bool is_google_registry(std::string_view host) {
  return host == "gcr.io" || host.ends_with(".gcr.io") || host.ends_with("-docker.pkg.dev");
}

bool is_google_key_user(std::string_view username) { return username == key_user || username == encoded_key_user; }

GoogleLogin read_google_login(const std::string& host, const std::string& username, const base::Secret& password,
                              const std::string& path) {
  std::string text(password.reveal());
  if (username == encoded_key_user) {
    auto decoded = base::decode_base64(text);
    if (!decoded) json::wrong_value(path, "it is not base64, as the user _json_key_base64 says");
    text = *std::move(decoded);
  }
  return {username, password, read_google_key(json::Value(text), path), host, path};
}

RegistryLogin log_in(const GoogleLogin& login, const Access& access, base::Log& log) {
  const auto now = access.clock.now();
  try {
    auto fetched =
        request_token(access.api, login.key.token_uri, token_form(login.key, now, login.named_by), "access_token",
                      {"log in to", "registry " + login.host, "check " + login.named_by, now, Asked::Effort::brief});
    return {std::string(token_user), std::move(fetched.token), fetched.lifetime};
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::transient) throw;
    log.warning(fmt::format("{}; the key itself goes to {} instead of a token", error.what(), login.host));
  }
  constexpr std::chrono::hours until_asked_again(1);
  return {login.username, login.password, until_asked_again};
}

std::string describe(const GoogleLogin& login) { return login.key.client_email; }

std::vector<std::string> contacts(const GoogleLogin& login) { return {login.key.token_uri.authority()}; }

}  // namespace clouds
