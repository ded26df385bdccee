// Bytes that are pulled: files, decompression and hashing as layers around each other. Compression is recognized by
// its magic number, never by what a media type or a file name claims.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace archive {

class Input {
 public:
  virtual ~Input() = default;
  // At most `capacity` bytes; 0 only at the end.
  [[nodiscard]] virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
  // The next bytes where they lie, for whoever need not have them elsewhere; read into `room` by inputs that hold none.
  // Valid until the next call; empty only at the end.
  [[nodiscard]] virtual std::string_view piece(std::span<char> room) {
    return {room.data(), read(room.data(), room.size())};
  }
};

// A regular file (base/regular_file.hpp).
[[nodiscard]] std::unique_ptr<Input> file_input(const std::filesystem::path& path);
[[nodiscard]] std::unique_ptr<Input> text_input(std::string text);

// The content of a gzip (RFC 1952, also of several members) or zstd (RFC 8878) stream; other bytes as they are.
// `name` is what an Error{protocol} for broken or cut streams names.
[[nodiscard]] std::unique_ptr<Input> decompressing(std::unique_ptr<Input> inner, std::string name);

// Reads what is left (an archive's padding, say). Error{protocol} when that is more than `limit` bytes.
void drain(Input& input, std::uint64_t limit);

// Hashes what is read through it.
class HashingInput final : public Input {
 public:
  explicit HashingInput(std::unique_ptr<Input> inner) : inner_(std::move(inner)) {}
  [[nodiscard]] std::size_t read(char* buffer, std::size_t capacity) override;
  [[nodiscard]] std::string_view piece(std::span<char> room) override;
  // Reads what is left (an archive's padding counts, too) and says the digest of all. Called once. Errors as drain().
  [[nodiscard]] base::Digest finish(std::uint64_t limit = 1ULL << 30U);

 private:
  std::unique_ptr<Input> inner_;
  base::Sha256 hash_;
};

}  // namespace archive
