// A tar stream as Go's archive/tar writes it: USTAR where that holds the entry, else a PAX header before it. Layers of
// the same content then have the same digest as the reference lifecycle's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace archive {

enum class EntryType : char {
  file = '0',
  symbolic_link = '2',
  character_device = '3',
  block_device = '4',
  directory = '5',
  fifo = '6',
};

struct TarEntry {
  std::string name;  // as it is to stand in the archive
  EntryType type = EntryType::file;
  std::uint32_t mode = 0;  // permission bits, setuid, setgid and sticky
  std::uint64_t user = 0;
  std::uint64_t group = 0;
  std::uint64_t size = 0;     // of a file
  std::int64_t modified = 0;  // seconds since 1970
  std::string target;         // of a symbolic link
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
};

class TarWriter {
 public:
  using Sink = std::function<void(std::string_view)>;
  explicit TarWriter(Sink sink) : sink_(std::move(sink)) {}

  // The entry's header; for a file exactly `size` bytes of data() follow. Error{internal} when the entry before had
  // fewer or more.
  void begin(const TarEntry& entry);
  void data(std::string_view bytes);
  // The two empty blocks at the end of an archive.
  void finish();

 private:
  void write_pax_header(const std::string& name, const std::string& records);
  void end_entry();
  void pad(std::uint64_t size);

  Sink sink_;
  std::string current_;
  std::uint64_t remaining_ = 0;
  std::uint64_t padding_ = 0;
};

}  // namespace archive
