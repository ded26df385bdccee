#include "archive/gzip_writer.hpp"

#include <catch2/catch_test_macros.hpp>

#include "archive/input.hpp"
#include "base/file.hpp"
#include "support/without_threads.hpp"

namespace {

// Neither all zeros nor noise, longer than several blocks.
std::string sample() {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < 5'000'000) {
    state = state * 1'664'525U + 1'013'904'223U;
    text += "line " + std::to_string(state % 5000) + (state % 7 == 0 ? "\n" : " ");
  }
  return text;
}

std::string content_of(const std::filesystem::path& path) {
  const auto input = archive::decompressing(archive::file_input(path), "test");
  std::string result;
  std::string buffer(65536, '\0');
  while (const auto count = input->read(buffer.data(), buffer.size())) result.append(buffer, 0, count);
  return result;
}

archive::CompressedFile compress(unsigned threads, const std::filesystem::path& path, std::string_view text,
                                 std::size_t step) {
  archive::CompressionPool pool(threads);
  archive::GzipWriter writer(pool, path);
  for (; !text.empty(); text.remove_prefix(std::min(step, text.size()))) writer.write(text.substr(0, step));
  return writer.finish();
}

}  // namespace

TEST_CASE("what is compressed comes back, with both digests and sizes right") {
  const base::TemporaryDirectory directory("gzip");
  const auto text = sample();
  const auto file = compress(2, directory.path() / "a", text, 100'000);
  CHECK(content_of(file.path) == text);
  CHECK(file.content_digest == base::Sha256::of(text));
  CHECK(file.content_size == text.size());
  const auto bytes = base::read_file(file.path);
  CHECK(file.digest == base::Sha256::of(bytes));
  CHECK(file.size == bytes.size());
  CHECK(file.size < text.size() / 2);
}

TEST_CASE("the same content gives the same bytes, however many threads and pieces") {
  const base::TemporaryDirectory directory("gzip");
  const auto text = sample();
  const auto one = compress(1, directory.path() / "one", text, 4096);
  const auto four = compress(4, directory.path() / "four", text, 3'000'001);
  CHECK(one.digest == four.digest);
}

TEST_CASE("a layer is compressed where the system has no further thread") {
  const base::TemporaryDirectory directory("gzip", "/tmp");
  std::filesystem::permissions(directory.path(), std::filesystem::perms::all);
  const auto text = sample();
  const auto expected = compress(2, directory.path() / "usual", text, 100'000).digest.text();
  const auto digest =
      test::without_threads([&] { return compress(4, directory.path() / "alone", text, 100'000).digest.text(); });
  CHECK(digest == expected);
}

TEST_CASE("an empty stream is a valid one") {
  const base::TemporaryDirectory directory("gzip");
  const auto file = compress(1, directory.path() / "empty", "", 1);
  CHECK(content_of(file.path).empty());
  CHECK(file.content_digest == base::Sha256::of(""));
}
