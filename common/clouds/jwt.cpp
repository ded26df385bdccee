#include "clouds/jwt.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "json/errors.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::string_view rule = "-----";

struct Deleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter>;

// Never asks at a terminal for the password of an encrypted key.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

Key read_pem(std::string_view pem) {
  const std::unique_ptr<BIO, Deleter> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return Key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
}

// PEM on one line, with blanks or "\n" where the line breaks were, in lines again. What it is not stays as it is.
std::string in_lines(std::string_view pem) {
  const auto begin = pem.find(rule);
  const auto head_end = pem.find(rule, begin + rule.size());
  const auto tail = pem.find(rule, head_end + rule.size());
  if (begin == std::string_view::npos || head_end == std::string_view::npos || tail == std::string_view::npos) {
    return std::string(pem);
  }
  const auto body = head_end + rule.size();
  std::string result(pem.substr(begin, body - begin));
  constexpr std::size_t longest_line = 64;
  std::size_t column = longest_line;
  for (std::size_t i = body; i < tail; ++i) {
    if (pem[i] == '\\' && i + 1 < tail && (pem[i + 1] == 'n' || pem[i + 1] == 'r')) {
      ++i;
    } else if (std::isspace(static_cast<unsigned char>(pem[i])) == 0) {
      if (column == longest_line) result += '\n';
      column = column == longest_line ? 1 : column + 1;
      result += pem[i];
    }
  }
  const auto end = std::min(pem.find(rule, tail + rule.size()), pem.size() - rule.size()) + rule.size();
  return result + "\n" + std::string(pem.substr(tail, end - tail)) + "\n";
}

Key read_key(const base::Secret& secret, const std::string& field) {
  auto key = read_pem(secret.reveal());
  if (key == nullptr) key = read_pem(in_lines(secret.reveal()));
  if (key == nullptr || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    json::wrong_value(field, "it is not an RSA private key as PEM");
  }
  return key;
}

std::string sign(EVP_PKEY* key, std::string_view text) {
  const std::unique_ptr<EVP_MD_CTX, Deleter> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::vector<unsigned char> signature;
  const bool is_begun = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
                        EVP_DigestSign(context.get(), nullptr, &size, bytes, text.size()) == 1;
  signature.resize(size);
  if (!is_begun || EVP_DigestSign(context.get(), signature.data(), &size, bytes, text.size()) != 1) {
    throw Error(ErrorKind::internal, {"sign", "a JSON Web Token", "OpenSSL refuses it", ""});
  }
  return {reinterpret_cast<const char*>(signature.data()), size};
}

}  // namespace

void require_rsa_key(const base::Secret& key, const std::string& field) { (void)read_key(key, field); }

std::string sign_jwt(json::Value header, const json::Value& claims, const base::Secret& key, const std::string& field) {
  header["alg"] = "RS256";
  header["typ"] = "JWT";
  const auto signed_part = base::base64url(json::dump(header)) + "." + base::base64url(json::dump(claims));
  return signed_part + "." + base::base64url(sign(read_key(key, field).get(), signed_part));
}

}  // namespace clouds
