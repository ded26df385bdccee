#include "archive/rooted.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"

namespace fs = std::filesystem;
using archive::components_of;
using archive::Rooted;

TEST_CASE("slashes and dots say nothing, dots that climb are refused") {
  CHECK(components_of("/a//b/./c/") == std::vector<std::string>{"a", "b", "c"});
  CHECK(components_of("./")->empty());
  CHECK(components_of("...") == std::vector<std::string>{"..."});
  CHECK(!components_of("a/../b"));
  CHECK(!components_of(".."));
}

TEST_CASE("a place is known by its path without links") {
  const base::TemporaryDirectory directory("test");
  fs::create_directories(directory.path() / "usr/lib");
  fs::create_symlink("usr/lib", directory.path() / "lib");
  Rooted rooted(directory.path());
  const auto place = rooted.find("lib/libc.so", Rooted::Parents::require, "layer x");
  REQUIRE(place);
  CHECK(place->path == "usr/lib/libc.so");
  CHECK(place->name == "libc.so");
}

TEST_CASE("missing parents are made or mean that there is no such place") {
  const base::TemporaryDirectory directory("test");
  Rooted rooted(directory.path());
  CHECK(!rooted.find("a/b/c", Rooted::Parents::require, "layer x"));
  CHECK(rooted.find("a/b/c", Rooted::Parents::create, "layer x"));
  CHECK(rooted.created == std::vector<std::string>{"a", "a/b"});
  CHECK(fs::is_directory(directory.path() / "a/b"));
}

TEST_CASE("a tree is removed without following its links") {
  const base::TemporaryDirectory directory("test");
  fs::create_directories(directory.path() / "tree/inner");
  fs::create_directory(directory.path() / "kept");
  base::write_file(directory.path() / "kept/file", "x");
  fs::create_symlink("../kept", directory.path() / "tree/link");
  const Rooted rooted(directory.path());
  archive::remove_tree(rooted.root(), "tree");
  archive::remove_tree(rooted.root(), "not-there");
  CHECK(!fs::exists(directory.path() / "tree"));
  CHECK(fs::exists(directory.path() / "kept/file"));
}
