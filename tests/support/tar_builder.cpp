#include "support/tar_builder.hpp"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <stdexcept>
#include <vector>
#include <zstd.h>

namespace test {
namespace {

constexpr std::size_t block = 512;

void put(std::string& header, std::size_t offset, std::string_view text) { header.replace(offset, text.size(), text); }

void pad(std::string& bytes) { bytes.resize((bytes.size() + block - 1) / block * block, '\0'); }

}  // namespace

TarBuilder& TarBuilder::entry(char type, const std::string& path, const std::string& target, std::string_view content,
                              const Attributes& attributes, unsigned major, unsigned minor) {
  std::string header(block, '\0');
  put(header, 0, std::string_view(path).substr(0, 100));
  put(header, 100, fmt::format("{:07o}", attributes.mode));
  put(header, 108, fmt::format("{:07o}", attributes.user));
  put(header, 116, fmt::format("{:07o}", attributes.group));
  put(header, 124, fmt::format("{:011o}", content.size()));
  put(header, 136, fmt::format("{:011o}", attributes.modified));
  put(header, 148, "        ");
  header[156] = type;
  put(header, 157, std::string_view(target).substr(0, 100));
  put(header, 257, std::string_view("ustar\00000", 8));
  put(header, 329, fmt::format("{:07o}", major));
  put(header, 337, fmt::format("{:07o}", minor));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(header, 148, fmt::format("{:06o}", sum));
  header[154] = '\0';
  bytes_ += header;
  bytes_ += content;
  pad(bytes_);
  return *this;
}

TarBuilder& TarBuilder::file(const std::string& path, std::string_view content, const Attributes& attributes) {
  return entry('0', path, "", content, attributes);
}
TarBuilder& TarBuilder::file(const std::string& path, std::string_view content) { return file(path, content, {}); }
TarBuilder& TarBuilder::directory(const std::string& path, unsigned mode) {
  return entry('5', path, "", "", {.mode = mode});
}
TarBuilder& TarBuilder::symlink(const std::string& path, const std::string& target) {
  return entry('2', path, target, "", {.mode = 0777});
}
TarBuilder& TarBuilder::hardlink(const std::string& path, const std::string& target, std::string_view content) {
  return entry('1', path, target, content, {});
}
TarBuilder& TarBuilder::device(const std::string& path, unsigned major, unsigned minor, unsigned mode) {
  return entry('3', path, "", "", {.mode = mode}, major, minor);
}

TarBuilder& TarBuilder::fifo(const std::string& path, unsigned mode) {
  return entry('6', path, "", "", {.mode = mode});
}

TarBuilder& TarBuilder::pax(const std::string& key, std::string_view value) { return pax({{key, std::string(value)}}); }

TarBuilder& TarBuilder::pax(const std::vector<std::pair<std::string, std::string>>& records) {
  std::string content;
  for (const auto& [key, value] : records) {
    // The length counts itself.
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest;
    while (length != fmt::format("{}", length).size() + rest) length = fmt::format("{}", length).size() + rest;
    content += fmt::format("{} {}={}\n", length, key, value);
  }
  return entry('x', "pax", "", content, {});
}

TarBuilder& TarBuilder::raw(std::string_view bytes) {
  bytes_ += bytes;
  return *this;
}

std::string TarBuilder::bytes() const { return bytes_ + std::string(2 * block, '\0'); }

std::string gzipped(std::string_view bytes) {
  std::string input(bytes);
  std::string output(input.size() + input.size() / 100 + 1024, '\0');
  struct isal_zstream stream {};
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.next_in = reinterpret_cast<std::uint8_t*>(input.data());    // NOLINT
  stream.next_out = reinterpret_cast<std::uint8_t*>(output.data());  // NOLINT
  stream.avail_in = static_cast<std::uint32_t>(input.size());
  stream.avail_out = static_cast<std::uint32_t>(output.size());
  if (isal_deflate(&stream) != COMP_OK || stream.avail_in != 0) throw std::logic_error("deflate failed");
  output.resize(stream.total_out);
  return output;
}

std::string zstd_compressed(std::string_view bytes) {
  std::string output(ZSTD_compressBound(bytes.size()), '\0');
  output.resize(ZSTD_compress(output.data(), output.size(), bytes.data(), bytes.size(), 3));
  return output;
}

}  // namespace test
