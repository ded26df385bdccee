// SHA-256 digests as OCI writes them: "sha256:" and 64 lower-case hexadecimal digits (image-spec, descriptor.md,
// "Digests"). A Digest can only be made by parsing or by hashing, so code that holds one need not check it again.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace base {

class Digest {
 public:
  // Nothing for any other algorithm, length or letter case.
  [[nodiscard]] static std::optional<Digest> parse(std::string_view text);
  // "sha256:<hex>".
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string_view hex() const { return std::string_view(text_).substr(7); }
  // The first twelve hexadecimal digits, for people.
  [[nodiscard]] std::string_view short_hex() const { return hex().substr(0, 12); }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  friend class Sha256;
  friend Digest stretched_digest(std::string_view secret);
  explicit Digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// An incremental hash. finish() may be called once.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  [[nodiscard]] Digest finish();

  [[nodiscard]] static Digest of(std::string_view bytes);

 private:
  struct Deleter {
    void operator()(void* context) const noexcept;
  };
  std::unique_ptr<void, Deleter> context_;
};

// The digest of what may be a secret and is to be compared, not known: as slow to guess as PBKDF2 (RFC 8018) with
// 50,000 rounds makes it, about 20 ms of CPU.
[[nodiscard]] Digest stretched_digest(std::string_view secret);

}  // namespace base
