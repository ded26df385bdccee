#include "git/pack_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <zlib.h>

#include "base/error.hpp"
#include "base/termination.hpp"

namespace git {
namespace {

using base::Error;
using base::ErrorKind;
using base::FileDescriptor;

constexpr std::size_t name_size = 20;
constexpr std::uint64_t header_size = 8;  // "\377tOc" and the version, 2
constexpr std::uint64_t fan_size = 256UL * 4;
constexpr unsigned blob_type = 3;
constexpr std::size_t piece = 256UL << 10U;

FileDescriptor opened(const std::filesystem::path& path) {
  FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) throw base::system_error("read", path.string(), errno);
  return file;
}

[[noreturn]] void damaged(const std::filesystem::path& path) {
  throw Error(ErrorKind::protocol, {"read", path.string(), "it is damaged", ""});
}

// As many bytes as there are, at most `buffer`'s size.
template <class Buffer>
std::size_t read_at(const FileDescriptor& file, const std::filesystem::path& path, std::uint64_t offset,
                    Buffer& buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count =
        pread(file.get(), buffer.data() + done, buffer.size() - done, static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw base::system_error("read", path.string(), errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

template <std::size_t size>
std::uint64_t number_at(const FileDescriptor& file, const std::filesystem::path& path, std::uint64_t offset) {
  std::array<unsigned char, size> bytes{};
  if (read_at(file, path, offset, bytes) != size) damaged(path);
  std::uint64_t number = 0;
  for (const unsigned char byte : bytes) number = number << 8U | byte;
  return number;
}

std::string bytes_of(const ObjectId& id) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i < id.text().size(); i += 2) {
    bytes += static_cast<char>(digit(id.text()[i]) * 16 + digit(id.text()[i + 1]));
  }
  return bytes;
}

// zlib's state, ended with it.
class Inflation {
 public:
  Inflation() {
    if (inflateInit(&stream_) != Z_OK) throw Error(ErrorKind::internal, {"start", "zlib", "out of memory", ""});
  }
  ~Inflation() { inflateEnd(&stream_); }
  Inflation(const Inflation&) = delete;
  Inflation& operator=(const Inflation&) = delete;
  z_stream* operator->() { return &stream_; }
  int run() { return inflate(&stream_, Z_NO_FLUSH); }

 private:
  z_stream stream_{};
};

}  // namespace

PackReader::PackReader(const std::filesystem::path& directory) {
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() != ".idx") continue;
    auto path = entry.path();
    auto index = opened(path);
    const auto objects = number_at<4>(index, path, header_size + fan_size - 4);
    path.replace_extension(".pack");
    auto content = opened(path);
    packs_.push_back({std::move(path), std::move(index), std::move(content), static_cast<std::uint32_t>(objects)});
  }
}

// gitformat-pack, "Version 2 pack-*.idx files": counts by first byte, names, checksums, offsets, and large offsets.
std::optional<std::uint64_t> PackReader::offset_in(const Pack& pack, std::string_view name) {
  const auto count = [&](unsigned byte) {
    return number_at<4>(pack.index, pack.path, header_size + std::uint64_t{byte} * 4);
  };
  const auto first = static_cast<unsigned char>(name.front());
  std::uint64_t low = first == 0 ? 0 : count(first - 1U);
  std::uint64_t high = count(first);
  if (high > pack.objects || low > high) damaged(pack.path);
  constexpr std::uint64_t names = header_size + fan_size;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    std::array<char, name_size> found{};
    if (read_at(pack.index, pack.path, names + middle * name_size, found) != name_size) damaged(pack.path);
    const int order = std::string_view(found.data(), found.size()).compare(name);
    if (order == 0) {
      const std::uint64_t offsets = names + std::uint64_t{pack.objects} * (name_size + 4);
      const auto offset = number_at<4>(pack.index, pack.path, offsets + middle * 4);
      constexpr std::uint64_t is_large = 1UL << 31U;
      if ((offset & is_large) == 0) return offset;
      return number_at<8>(pack.index, pack.path, offsets + std::uint64_t{pack.objects} * 4 + (offset - is_large) * 8);
    }
    (order < 0 ? low : high) = order < 0 ? middle + 1 : middle;
  }
  return std::nullopt;
}

std::optional<PackReader::Place> PackReader::find_whole_blob(const ObjectId& id) const {
  const std::string name = bytes_of(id);
  for (std::size_t number = 0; number < packs_.size(); ++number) {
    const auto offset = offset_in(packs_[number], name);
    if (!offset) continue;
    // Type and size: three bits and four, and seven more in each byte that follows.
    std::array<unsigned char, 16> header{};
    const auto count = read_at(packs_[number].content, packs_[number].path, *offset, header);
    if (count == 0 || (header[0] >> 4U & 7U) != blob_type) return std::nullopt;
    std::uint64_t size = header[0] & 15U;
    std::size_t used = 1;
    for (unsigned shift = 4; (header.at(used - 1) & 0x80U) != 0; shift += 7) {
      if (used == count || used == 10) damaged(packs_[number].path);
      size |= std::uint64_t{header.at(used) & 0x7FU} << shift;
      ++used;
    }
    return Place{number, *offset + used, size};
  }
  return std::nullopt;
}

void PackReader::read(const Place& place, const std::function<void(std::string_view)>& receive) const {
  const Pack& pack = packs_.at(place.pack);
  std::vector<unsigned char> input(piece);
  std::vector<char> output(piece);
  Inflation inflation;
  std::uint64_t offset = place.offset;
  std::uint64_t left = place.size;
  int state = Z_OK;
  while (state != Z_STREAM_END) {
    base::throw_if_terminated();
    if (inflation->avail_in == 0) {
      const auto count = read_at(pack.content, pack.path, offset, input);
      if (count == 0) damaged(pack.path);
      offset += count;
      inflation->next_in = input.data();
      inflation->avail_in = static_cast<unsigned>(count);
    }
    inflation->next_out = reinterpret_cast<unsigned char*>(output.data());  // NOLINT: zlib's bytes are unsigned
    inflation->avail_out = static_cast<unsigned>(output.size());
    state = inflation.run();
    const std::size_t made = output.size() - inflation->avail_out;
    if ((state != Z_OK && state != Z_STREAM_END && state != Z_BUF_ERROR) || made > left) damaged(pack.path);
    left -= made;
    receive({output.data(), made});
  }
  if (left != 0) damaged(pack.path);
}

}  // namespace git
