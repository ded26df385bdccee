#include "git/pathspec.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

git::Pathspec parse(const std::vector<std::string>& include, const std::vector<std::string>& exclude = {}) {
  return git::Pathspec::parse(include, exclude, "source.paths", "source.ignore_paths");
}

using Below = git::Pathspec::Below;

}  // namespace

TEST_CASE("a plain path means a file, or all below a directory") {
  const auto paths = parse({"docs", "a b/c.txt"});
  CHECK(paths.matches("docs"));
  CHECK(paths.matches("docs/x/y"));
  CHECK_FALSE(paths.matches("docs2"));
  CHECK(paths.matches("a b/c.txt"));
  CHECK_FALSE(paths.matches("a b/c.txt2"));
  CHECK(parse({"docs/"}).matches("docs/x"));
  CHECK_FALSE(parse({"docs/"}).matches("docs"));
}

TEST_CASE("a star crosses directories, but for glob magic") {
  CHECK(parse({"src/*.cpp"}).matches("src/a/b.cpp"));
  CHECK_FALSE(parse({":(glob)src/*.cpp"}).matches("src/a/b.cpp"));
  CHECK(parse({":(glob)src/**/*.cpp"}).matches("src/a/b.cpp"));
  CHECK(parse({":(glob)src/**/*.cpp"}).matches("src/b.cpp"));
  CHECK(parse({"**/x"}).matches("a/x"));
  CHECK_FALSE(parse({"**/x"}).matches("x"));
  CHECK(parse({":(icase)README*"}).matches("readme.md"));
  CHECK(parse({":(literal)a*"}).matches("a*"));
  CHECK_FALSE(parse({":(literal)a*"}).matches("ab"));
}

TEST_CASE("patterns say how deep the trees must be known that decide about them") {
  CHECK(parse({"docs"}).depth() == 1);
  CHECK(parse({"docs/*"}).depth() == 1);
  CHECK(parse({"docs/**"}).depth() == 1);
  CHECK(parse({"services/web/app"}).depth() == 3);
  CHECK(parse({"docs", "services/web/*"}).depth() == 2);
  CHECK(parse({"docs"}, {"docs/drafts/old"}).depth() == 3);
  CHECK(parse({}, {"docs"}).depth() == 1);
  CHECK(parse({":(glob)src/*/main.cpp"}).depth() == 3);
  CHECK(parse({":(literal)a*/b"}).depth() == 2);
  CHECK_FALSE(parse({":(glob)src/**/main.cpp"}).depth());
  CHECK_FALSE(parse({"src/*.cpp"}).depth());
  CHECK_FALSE(parse({"docs"}, {"*.md"}).depth());
}

TEST_CASE("excluded paths do not count") {
  const auto paths = parse({"."}, {"docs", "*.md"});
  CHECK(paths.matches("src/a"));
  CHECK_FALSE(paths.matches("docs/a"));
  CHECK_FALSE(paths.matches("src/a.md"));
  CHECK(parse({":!docs"}).matches("src"));
  CHECK_FALSE(parse({":(exclude)docs"}).matches("docs/a"));
  CHECK(parse({"."}).everything());
  CHECK(parse({}).everything());
  CHECK_FALSE(parse({}, {"x"}).everything());
}

TEST_CASE("what may lie below a directory is known without looking") {
  CHECK(parse({"docs/a"}).below("docs") == Below::something);
  CHECK(parse({"docs/a"}).below("src") == Below::nothing);
  CHECK(parse({"docs"}).below("docs/x") == Below::all);
  CHECK(parse({"*.md"}).below("docs") == Below::something);
  CHECK(parse({"docs/*"}).below("docs") == Below::all);
  CHECK(parse({"docs/*"}).below("docs/x") == Below::all);
  CHECK(parse({":(glob)docs/*"}).below("docs") == Below::something);
  CHECK(parse({}, {"docs/*"}).below("docs") == Below::nothing);
  CHECK(parse({}, {"docs/*.md"}).below("docs") == Below::something);
  CHECK(parse({"src"}, {"docs"}).below("src") == Below::all);
}

TEST_CASE("pathspecs that cannot be are refused") {
  for (const char* text : {"../x", "a/../../x", ":(attr:x)y", ":(glob", ":(frob)x"}) {
    INFO(text);
    CHECK_THROWS_AS(parse({text}), base::Error);
  }
}
