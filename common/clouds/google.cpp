#include "clouds/google.hpp"

#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "clouds/jwt.hpp"
#include "json/fields.hpp"

namespace clouds {
namespace {

using base::Error;
using json::Value;

constexpr std::string_view scopes =
    "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email";
constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t lifetime_seconds = 3600;

bool is_loopback(const std::string& host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

std::string member(const Value& key, std::string_view name, const std::string& path) {
  auto text = json::text_or(key, name);
  if (text.empty()) json::missing_field(path, name, "the whole key file of a service account");
  return text;
}

}  // namespace

GoogleKey read_google_key(const Value& json_key, const std::string& path) {
  Value key = json_key;
  if (json_key.is_string()) {
    try {
      key = json::parse(json_key.get_ref<const std::string&>(), path);
    } catch (const Error& error) {
      json::wrong_value(path, error.report().cause, "give the key file of a service account as it is");
    }
  }
  if (!key.is_object()) json::wrong_type(path, "the key file of a service account", key);
  if (const auto type = json::text_or(key, "type", "service_account"); type != "service_account") {
    json::wrong_value(path + ".type", fmt::format("\"{}\" is not service_account", base::printable(type, 64)));
  }
  const auto token_uri = json::text_or(key, "token_uri", "https://oauth2.googleapis.com/token");
  const auto url = http::Url::parse(token_uri);
  if (!url || url->credentials || (url->origin.scheme != "https" && !is_loopback(url->origin.host))) {
    json::wrong_value(path + ".token_uri", "it is not an https URL");
  }
  return {member(key, "client_email", path), json::text_or(key, "private_key_id"),
          base::Secret(member(key, "private_key", path)), *url};
}

std::string token_form(const GoogleKey& key, base::WallTime now, const std::string& path) {
  const auto issued = now.time_since_epoch().count();
  Value header = Value::object();
  if (!key.key_id.empty()) header["kid"] = key.key_id;
  const Value claims = {{"iss", key.client_email},
                        {"scope", scopes},
                        {"aud", key.token_uri.text()},
                        {"iat", issued},
                        {"exp", issued + lifetime_seconds}};
  const auto assertion = sign_jwt(std::move(header), claims, key.private_key, path + ".private_key");
  return fmt::format("grant_type={}&assertion={}", http::percent_encode(grant_type), assertion);
}

}  // namespace clouds
