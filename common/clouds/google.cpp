#include "clouds/google.hpp"

#include <fmt/format.h>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "json/fields.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using json::Value;

constexpr std::string_view scopes =
    "https://www.googleapis.com/auth/cloud-platform https://www.googleapis.com/auth/userinfo.email";
constexpr std::string_view grant_type = "urn:ietf:params:oauth:grant-type:jwt-bearer";
constexpr std::int64_t lifetime_seconds = 3600;

struct Deleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

// Never asks at a terminal for the password of an encrypted key.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

std::string sign(const GoogleKey& key, std::string_view text, const std::string& path) {
  const auto pem = key.private_key.reveal();
  const std::unique_ptr<BIO, Deleter> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<EVP_PKEY, Deleter> parsed(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (parsed == nullptr || EVP_PKEY_get_base_id(parsed.get()) != EVP_PKEY_RSA) {
    json::wrong_value(path + ".private_key", "it is not an RSA private key as PEM");
  }
  const std::unique_ptr<EVP_MD_CTX, Deleter> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::vector<unsigned char> signature;
  const bool is_begun = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, parsed.get()) == 1 &&
                        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  signature.resize(size);
  if (!is_begun || EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) {
    throw Error(ErrorKind::internal, {"sign", "the assertion for " + key.client_email, "OpenSSL refuses it", ""});
  }
  return {reinterpret_cast<const char*>(signature.data()), size};
}

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
  Value header = {{"alg", "RS256"}, {"typ", "JWT"}};
  if (!key.key_id.empty()) header["kid"] = key.key_id;
  const Value claims = {{"iss", key.client_email},
                        {"scope", scopes},
                        {"aud", key.token_uri.text()},
                        {"iat", issued},
                        {"exp", issued + lifetime_seconds}};
  const auto signed_part = base::base64url(json::dump(header)) + "." + base::base64url(json::dump(claims));
  const auto assertion = signed_part + "." + base::base64url(sign(key, signed_part, path));
  return fmt::format("grant_type={}&assertion={}", http::percent_encode(grant_type), assertion);
}

}  // namespace clouds
