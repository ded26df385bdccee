#include "archive/tar_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"

using archive::EntryType;
using archive::TarEntry;

namespace {

constexpr std::int64_t time_1980 = 315'532'801;

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

// Files hold "abc".
std::string archive_digest(std::vector<TarEntry> entries) {
  base::Sha256 hash;
  archive::TarWriter tar([&](std::string_view bytes) { hash.update(bytes); });
  for (auto& entry : entries) {
    entry.modified = time_1980;
    tar.begin(entry);
    if (entry.size > 0) tar.data("abc");
  }
  tar.finish();
  return hash.finish().text();
}

TarEntry file(std::string name, std::uint32_t mode = 0644) {
  TarEntry entry;
  entry.name = std::move(name);
  entry.mode = mode;
  entry.size = 3;
  return entry;
}

}  // namespace

// The digests are those of archives that Go's archive/tar made of the same entries.
TEST_CASE("short names are USTAR as Go writes it") {
  TarEntry directory;
  directory.name = "/layers";
  directory.type = EntryType::directory;
  directory.mode = 0755;
  directory.user = 1000;
  directory.group = 1000;
  CHECK(archive_digest({directory, file("/layers/f", 04755)}) ==
        "sha256:bcf09ccd788edc3ab534dcad518aea813af071705df984deca17ba3685d87038");
}

TEST_CASE("a name over 100 bytes is split at a slash where USTAR can hold it") {
  CHECK(archive_digest({file("/" + repeated("abcdefgh/", 14) + "leaf")}) ==
        "sha256:bc5c4aaeec7ebd18f28ff7986e453bc526a6d15e045e4616c89a9180b3433fb4");
}

TEST_CASE("a name that cannot be split goes into a PAX record") {
  const auto part = repeated("n", 120);
  CHECK(archive_digest({file("/d/" + part + "/" + part + "/file")}) ==
        "sha256:93208adfd41db8be6bbfd7e20f8a33a07f3a79ecffe230e468b60ba090bf55db");
}

TEST_CASE("a name beyond ASCII goes into a PAX record and stands stripped in the header") {
  CHECK(archive_digest({file("/gr\xc3\xbc\xc3\x9f\x65/x")}) ==
        "sha256:c40306e24158fc66b622cad6dad2575318e76cc9b48ec3b7526d184a2a5ed85b");
}

TEST_CASE("a long target brings the long name along into the PAX records") {
  TarEntry link;
  link.name = "/" + repeated("abcdefgh/", 14) + "l";
  link.type = EntryType::symbolic_link;
  link.mode = 0777;
  link.target = repeated("n", 120);
  CHECK(archive_digest({link}) == "sha256:ea61c1aacc65f86cd20b55f91b229ab758c6fef757f7263e95d3d924e02a402b");
}

TEST_CASE("ids beyond seven octal digits go into PAX records") {
  auto entry = file("/f");
  entry.user = 3'000'000;
  entry.group = 2'097'151;
  CHECK(archive_digest({entry}) == "sha256:babd520ac39e15611b2b241a7d970c2e1a71238d3edb7924482acafab8fe341d");
}

TEST_CASE("devices keep their numbers") {
  TarEntry device;
  device.name = "/dev";
  device.type = EntryType::character_device;
  device.mode = 0600;
  device.device_major = 1;
  device.device_minor = 3;
  CHECK(archive_digest({device}) == "sha256:04a75fc7bdd2b298f027c086a1738210db183a8279fc8a3afb8b8732fcbafcbb");
}

TEST_CASE("an empty archive is 1024 zeros") {
  std::string bytes;
  archive::TarWriter([&](std::string_view part) { bytes += part; }).finish();
  CHECK(bytes == std::string(1024, '\0'));
}

TEST_CASE("a file of another size than its header says is refused") {
  archive::TarWriter tar([](std::string_view) {});
  tar.begin(file("/f"));
  CHECK_THROWS_AS(tar.data("abcd"), base::Error);
  CHECK_THROWS_AS(tar.finish(), base::Error);
}
