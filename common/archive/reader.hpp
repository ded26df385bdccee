// The entries of a tar stream (POSIX.1-2001 pax, GNU, ustar, v7) in their order, by libarchive. Everything in them is
// a stranger's: names and sizes are bounded here, where they may lead is archive/extract.hpp's care.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>

#include "archive/input.hpp"

namespace archive {

// What one archive, or all layers of an image together, may hold.
struct Limits {
  std::uint64_t bytes = 256ULL << 30U;
  std::uint64_t entries = 10'000'000;
  std::size_t path = 4096;       // bytes of a path or a link's target
  std::size_t name = 255;        // bytes of one component
  std::size_t depth = 200;       // components of a path
  std::size_t attributes = 100;  // extended attributes of an entry
};

struct Entry {
  enum class Type { file, directory, symlink, hardlink, character_device, block_device, fifo, other };
  Type type = Type::other;
  std::string path;    // as it stands in the archive
  std::string target;  // of a symlink or a hard link
  std::uint64_t size = 0;
  mode_t mode = 0;  // the permission bits
  uid_t user = 0;
  gid_t group = 0;
  timespec modified{};
  dev_t device = 0;
  std::map<std::string, std::string> attributes;  // extended attributes
};

// A stretch of a file's content; between stretches a sparse file has holes.
struct Block {
  std::uint64_t offset = 0;
  std::string_view bytes;  // valid until the next call
};

class Reader {
 public:
  // `name` is what errors name: "layer sha256:3f2a...". The input is the caller's and outlives the reader.
  Reader(Input& input, std::string name, const Limits& limits = {});
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) = delete;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // The next entry, valid until the next call; nullptr at the end. Error{protocol}.
  [[nodiscard]] const Entry* next();
  // The next stretch of the current entry; false at its end.
  [[nodiscard]] bool read(Block& block);

  [[nodiscard]] const std::string& name() const;

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace archive
