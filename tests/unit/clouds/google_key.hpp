// A service account's key of a test's own.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string>

#include "json/value.hpp"

namespace test {

struct OpenSslDeleter {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

inline EVP_PKEY* rsa_key() {
  static const std::unique_ptr<EVP_PKEY, OpenSslDeleter> key(EVP_RSA_gen(2048));
  return key.get();
}

inline std::string rsa_pem() {
  const std::unique_ptr<BIO, OpenSslDeleter> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PKCS8PrivateKey(bio.get(), rsa_key(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// The same in the form that GitHub hands out (PKCS #1).
inline std::string traditional_rsa_pem() {
  const std::unique_ptr<BIO, OpenSslDeleter> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey_traditional(bio.get(), rsa_key(), nullptr, nullptr, 0, nullptr, nullptr);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

inline bool verifies(const std::string& text, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, OpenSslDeleter> context(EVP_MD_CTX_new());
  const auto bytes = [](const std::string& of) { return reinterpret_cast<const unsigned char*>(of.data()); };
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, rsa_key()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text), text.size()) == 1;
}

inline json::Value google_key() {
  return {{"type", "service_account"},
          {"client_email", "ci@acme.example"},
          {"private_key_id", "k1"},
          {"private_key", rsa_pem()},
          {"token_uri", "https://oauth2.example/token"}};
}

}  // namespace test
