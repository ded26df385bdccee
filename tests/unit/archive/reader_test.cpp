#include "archive/reader.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/tar_builder.hpp"

namespace {

struct Opened {
  explicit Opened(std::string bytes, const archive::Limits& limits = {})
      : input(archive::text_input(std::move(bytes))), reader(*input, "layer x", limits) {}
  std::unique_ptr<archive::Input> input;
  archive::Reader reader;
};

std::string content_of(archive::Reader& reader) {
  std::string result;
  archive::Block block;
  while (reader.read(block)) result += block.bytes;
  return result;
}

std::string error_of(const std::string& bytes, const archive::Limits& limits = {}) {
  try {
    Opened opened(bytes, limits);
    while (opened.reader.next() != nullptr) static_cast<void>(content_of(opened.reader));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an entry has its name, its content and its attributes") {
  Opened opened(
      test::TarBuilder().file("etc/motd", "hello", {.mode = 04755, .user = 12, .group = 34, .modified = 99}).bytes());
  const auto* entry = opened.reader.next();
  REQUIRE(entry != nullptr);
  CHECK(entry->path == "etc/motd");
  CHECK(entry->type == archive::Entry::Type::file);
  CHECK(entry->mode == 04755);
  CHECK(entry->user == 12);
  CHECK(entry->group == 34);
  CHECK(entry->modified.tv_sec == 99);
  CHECK(content_of(opened.reader) == "hello");
  CHECK(opened.reader.next() == nullptr);
}

TEST_CASE("names are bytes, whatever the locale") {
  Opened opened(test::TarBuilder()
                    .pax("path", "caf\xc3\xa9/\xf0\x9f\x8d\xb0")
                    .file("short", "")
                    .file("latin-\xe9", "")
                    .pax("path", "not-utf8-\xff")
                    .file("short", "")
                    .bytes());
  CHECK(opened.reader.next()->path == "caf\xc3\xa9/\xf0\x9f\x8d\xb0");
  CHECK(opened.reader.next()->path == "latin-\xe9");
  CHECK(opened.reader.next()->path == "not-utf8-\xff");
}

TEST_CASE("links name their targets") {
  Opened opened(test::TarBuilder().symlink("a", "../b").hardlink("c", "d").bytes());
  const auto* entry = opened.reader.next();
  CHECK(entry->type == archive::Entry::Type::symlink);
  CHECK(entry->target == "../b");
  entry = opened.reader.next();
  CHECK(entry->type == archive::Entry::Type::hardlink);
  CHECK(entry->target == "d");
}

TEST_CASE("extended attributes are read from pax headers") {
  const std::string value("\x01\x00\x00\x02", 4);
  Opened opened(test::TarBuilder().pax("SCHILY.xattr.security.capability", value).file("ping", "x").bytes());
  const auto* entry = opened.reader.next();
  CHECK(entry->attributes.at("security.capability") == value);
}

TEST_CASE("an empty archive has no entries, with and without its empty blocks") {
  CHECK(error_of("").empty());
  CHECK(error_of(test::TarBuilder().bytes()).empty());
}

TEST_CASE("what is not a tar archive is an error that names the archive") {
  CHECK(error_of(std::string(2048, 'x')) == "cannot read layer x: Unrecognized archive format");
  // What the library could read as well, had it been asked to: RAR, 7-Zip, ZIP, cpio, ar, XAR, CAB, WARC, mtree.
  using namespace std::string_view_literals;
  for (const auto magic :
       {"Rar!\x1a\x07\x00"sv, "Rar!\x1a\x07\x01\x00"sv, "7z\xbc\xaf\x27\x1c\x00\x04"sv, "PK\x03\x04\x14\x00"sv,
        "070701"sv, "!<arch>\n"sv, "xar!\x00\x1c"sv, "MSCF\x00\x00"sv, "WARC/1.0\r\n"sv, "#mtree\n"sv}) {
    CHECK(error_of(std::string(magic) + std::string(4096, '\0')) == "cannot read layer x: Unrecognized archive format");
  }
}

TEST_CASE("a cut archive is an error") {
  const std::string bytes = test::TarBuilder().file("a", std::string(5000, 'a')).bytes();
  CHECK(!error_of(bytes.substr(0, 600)).empty());
}

TEST_CASE("sizes, counts and names are bounded") {
  const std::string two = test::TarBuilder().file("a", std::string(600, 'a')).file("b", std::string(600, 'b')).bytes();
  CHECK(error_of(two, {.bytes = 1000}) == "cannot read layer x: it unpacks to more than 1.0 kB");
  CHECK(error_of(two, {.entries = 1}) == "cannot read layer x: it has more than 1 entries");
  const std::string long_name = test::TarBuilder().pax("path", std::string(5000, 'n')).file("x", "").bytes();
  CHECK(error_of(long_name).find("is longer than 4096 bytes") != std::string::npos);
}

TEST_CASE("an owner that chown takes for none is an error") {
  const std::string bytes = test::TarBuilder().pax("uid", "4294967295").file("x", "").bytes();
  CHECK(error_of(bytes) == "cannot read layer x: x has no valid owner");
}
