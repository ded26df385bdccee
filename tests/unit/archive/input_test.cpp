#include "archive/input.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace {

std::string read_all(archive::Input& input, std::size_t step = 777) {
  std::string result;
  std::string buffer(step, '\0');
  while (const std::size_t count = input.read(buffer.data(), buffer.size())) result.append(buffer, 0, count);
  return result;
}

std::string decompressed(std::string bytes) {
  return read_all(*archive::decompressing(archive::text_input(std::move(bytes)), "layer x"));
}

std::string error_of(std::string bytes) {
  try {
    static_cast<void>(decompressed(std::move(bytes)));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

std::string varied(std::size_t size) {
  std::string result;
  for (std::size_t i = 0; result.size() < size; ++i) result += std::to_string(i * i);
  return result;
}

}  // namespace

TEST_CASE("gzip, zstd and plain bytes are told apart by what they are") {
  const std::string content = varied(2'000'000);
  CHECK(decompressed(test::gzipped(content)) == content);
  CHECK(decompressed(test::zstd_compressed(content)) == content);
  CHECK(decompressed(content) == content);
  CHECK(decompressed("").empty());
}

TEST_CASE("a zstd window of more than 128 MB is refused with its size, one of 128 MB is not") {
  // RFC 8878, 3.1.1: a frame header with nothing but the window's exponent, and one last block that is empty.
  const auto frame = [](char window) {
    return std::string("\x28\xb5\x2f\xfd\0", 5) + window + std::string("\1\0\0", 3);
  };
  CHECK(error_of(frame(static_cast<char>(18 << 3))).find("its zstd window is larger than 128 MB") != std::string::npos);
  CHECK(decompressed(frame(static_cast<char>(17 << 3))).empty());
}

TEST_CASE("members of a gzip stream follow each other, and so do frames of zstd") {
  CHECK(decompressed(test::gzipped("one ") + test::gzipped("two")) == "one two");
  CHECK(decompressed(test::zstd_compressed("one ") + test::zstd_compressed("two")) == "one two");
  const std::string skipped("\x53\x2a\x4d\x18\x03\x00\x00\x00gap", 11);
  CHECK(decompressed(skipped + test::zstd_compressed("one ") + skipped + test::zstd_compressed("two") + skipped) ==
        "one two");
}

TEST_CASE("padding after a gzip stream is skipped, other bytes are an error") {
  CHECK(decompressed(test::gzipped("one") + std::string(1000, '\0')) == "one");
  CHECK(error_of(test::gzipped("one") + "garbage") == "cannot decompress layer x: other bytes follow the gzip stream");
}

TEST_CASE("a cut stream is an error at every length") {
  const std::string gzip = test::gzipped(varied(5000));
  const std::string zstd = test::zstd_compressed(varied(5000));
  for (std::size_t length = 4; length < gzip.size(); length += 97) CHECK(!error_of(gzip.substr(0, length)).empty());
  for (std::size_t length = 4; length < zstd.size(); length += 97) CHECK(!error_of(zstd.substr(0, length)).empty());
}

TEST_CASE("altered bytes fail the stream's own checksum") {
  std::string gzip = test::gzipped(varied(5000));
  gzip[gzip.size() - 6] = static_cast<char>(gzip[gzip.size() - 6] ^ 1);  // in the CRC
  CHECK(!error_of(gzip).empty());
}

TEST_CASE("a hash covers what was read and what was left") {
  archive::HashingInput input(archive::text_input("content and padding"));
  std::string buffer(7, '\0');
  CHECK(input.read(buffer.data(), buffer.size()) == 7);
  CHECK(input.finish() == base::Sha256::of("content and padding"));
}

TEST_CASE("endless bytes after an archive are an error") {
  archive::HashingInput input(archive::text_input(std::string(2'000'000, '\0')));
  CHECK_THROWS_AS(input.finish(1'000'000), base::Error);
}
