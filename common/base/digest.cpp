#include "base/digest.hpp"

#include <array>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/error.hpp"

namespace base {
namespace {

constexpr std::string_view prefix = "sha256:";
constexpr std::size_t hex_length = 64;

EVP_MD_CTX* context_of(void* context) { return static_cast<EVP_MD_CTX*>(context); }

void require(int success) {
  if (success != 1) throw Error(ErrorKind::internal, {"hash", "data", "SHA-256 is not available", ""});
}

std::string digest_text(std::span<const unsigned char> raw) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text(prefix);
  text.reserve(prefix.size() + hex_length);
  for (const unsigned char byte : raw) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

}  // namespace

std::optional<Digest> Digest::parse(std::string_view text) {
  if (text.size() != prefix.size() + hex_length || !text.starts_with(prefix)) return std::nullopt;
  if (text.find_first_not_of("0123456789abcdef", prefix.size()) != std::string_view::npos) return std::nullopt;
  return Digest(std::string(text));
}

void Sha256::Deleter::operator()(void* context) const noexcept { EVP_MD_CTX_free(context_of(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  require(context_ != nullptr ? EVP_DigestInit_ex(context_of(context_.get()), EVP_sha256(), nullptr) : 0);
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_of(context_.get()), bytes.data(), bytes.size()));
}

void Sha256::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

Digest Sha256::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(context_of(context_.get()), raw.data(), &length));
  return Digest(digest_text(std::span(raw).first(length)));
}

Digest Sha256::of(std::string_view bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.finish();
}

Digest stretched_digest(std::string_view secret) {
  constexpr std::string_view salt = "build-service";
  constexpr int rounds = 50'000;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> raw{};
  require(PKCS5_PBKDF2_HMAC(secret.data(), static_cast<int>(secret.size()),
                            reinterpret_cast<const unsigned char*>(salt.data()),  // NOLINT
                            static_cast<int>(salt.size()), rounds, EVP_sha256(), static_cast<int>(raw.size()),
                            raw.data()));
  return Digest(digest_text(raw));
}

}  // namespace base
