#include "git/lfs.hpp"

#include <catch2/catch_test_macros.hpp>

namespace {

const std::string digest(64, 'a');

std::string pointer(const std::string& version, const std::string& end) {
  return "version " + version + end + "oid sha256:" + digest + end + "size 12" + end;
}

}  // namespace

TEST_CASE("a pointer is read as git-lfs reads it, with older names of its format and whatever ends its lines") {
  for (const char* version :
       {"https://git-lfs.github.com/spec/v1", "https://hawser.github.com/spec/v1", "http://git-media.io/v/2"}) {
    for (const char* end : {"\n", "\r\n"}) {
      const auto found = git::parse_lfs_pointer(pointer(version, end));
      REQUIRE(found);
      CHECK(found->size == 12);
      CHECK(found->digest.hex() == digest);
    }
  }
}

TEST_CASE("what is not a pointer is a file") {
  CHECK_FALSE(git::parse_lfs_pointer(""));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://example.com/spec/v1", "\n")));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://git-lfs.github.com/spec/v1", " ")));
  CHECK_FALSE(git::parse_lfs_pointer(pointer("https://git-lfs.github.com/spec/v1", "\n") + std::string(1024, 'x')));
}
