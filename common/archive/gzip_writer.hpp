// A compressed layer made in one pass: what is written is hashed (the diffID), compressed by all cores, hashed again
// (the blob's digest) and kept in a file. The bytes are cut into blocks of a fixed size, each compressed alone and
// joined to one gzip member (RFC 1952), so that the result does not depend on how many cores there are.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>

#include "base/digest.hpp"
#include "base/parallel.hpp"

namespace archive {

// The threads that compress; one pool serves all layers of an image.
class CompressionPool {
 public:
  // 0: as many threads as there are cores.
  explicit CompressionPool(std::size_t threads = 0) : workers_(threads != 0 ? threads : base::cores()) {}

  [[nodiscard]] base::Workers& workers() { return workers_; }

 private:
  base::Workers workers_;
};

struct CompressedFile {
  std::filesystem::path path;
  base::Digest content_digest;  // of what was written: an image's diffID
  std::uint64_t content_size = 0;
  base::Digest digest;  // of the file
  std::uint64_t size = 0;
};

class GzipWriter {
 public:
  // Creates `path`, which must not exist. Error{internal} when the disk is full.
  GzipWriter(CompressionPool& pool, std::filesystem::path path);
  ~GzipWriter();
  GzipWriter(const GzipWriter&) = delete;
  GzipWriter& operator=(const GzipWriter&) = delete;

  void write(std::string_view bytes);
  [[nodiscard]] CompressedFile finish();

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace archive
