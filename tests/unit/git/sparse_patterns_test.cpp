#include "git/sparse_patterns.hpp"

#include <catch2/catch_test_macros.hpp>

using git::SparsePatterns;

namespace {

bool chooses(const std::vector<std::string>& lines, std::string_view path) {
  return SparsePatterns(lines).chooses(path);
}

}  // namespace

TEST_CASE("no pattern, and a single dot, choose everything by being empty") {
  CHECK(SparsePatterns().empty());
  CHECK(SparsePatterns({"."}).empty());
  CHECK(SparsePatterns({"", "# a comment"}).empty());
  CHECK_FALSE(SparsePatterns({"src"}).empty());
}

TEST_CASE("a pattern without a slash names a file or a directory at any depth") {
  CHECK(chooses({"src"}, "src/a"));
  CHECK(chooses({"src"}, "lib/src/a/b"));
  CHECK(chooses({"*.md"}, "docs/a.md"));
  CHECK_FALSE(chooses({"src"}, "source/a"));
}

TEST_CASE("a pattern with a slash starts at the top") {
  CHECK(chooses({"/src"}, "src/a"));
  CHECK_FALSE(chooses({"/src"}, "lib/src/a"));
  CHECK(chooses({"lib/src"}, "lib/src/a"));
  CHECK_FALSE(chooses({"lib/src"}, "x/lib/src/a"));
  CHECK_FALSE(chooses({"lib/*.md"}, "lib/deep/a.md"));
  CHECK(chooses({"lib/**/a.md"}, "lib/deep/er/a.md"));
}

TEST_CASE("a pattern with a slash at its end is for directories") {
  CHECK(chooses({"src/"}, "src/a"));
  CHECK_FALSE(chooses({"src/"}, "src"));
  CHECK(chooses({"lib/src/"}, "lib/src/a"));
}

TEST_CASE("the last pattern that matches decides, and a deeper one overrules what holds above") {
  CHECK_FALSE(chooses({"/*", "!/docs"}, "docs/a"));
  CHECK(chooses({"/*", "!/docs"}, "a"));
  CHECK(chooses({"!/docs", "/*"}, "docs/a"));
  CHECK(chooses({"/*", "!/docs", "docs/keep"}, "docs/keep"));
  CHECK_FALSE(chooses({"/*", "!*.bin"}, "a/b.bin"));
}

TEST_CASE("the file for git holds the patterns as they were written") {
  CHECK(SparsePatterns({"/*", "# comment", "!/docs/"}).text() == "/*\n!/docs/\n");
}

TEST_CASE("patterns that mean no path are told") {
  const std::vector<std::string_view> paths{"a/b/c.txt", "d.md"};
  CHECK(git::SparsePatterns({"a", "*.md", "!c.txt", "b/"}).without_match(paths).empty());
  const std::vector<std::string> unmatched{"e", "c.txt/", "/c.txt", "!f"};
  CHECK(git::SparsePatterns({"e", "a/", "c.txt/", "/c.txt", "!f"}).without_match(paths) == unmatched);
  CHECK(git::SparsePatterns().without_match(paths).empty());
}
