#include "git/submodules.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/local_repository.hpp"

namespace {

using git::ObjectId;

const ObjectId linked = *ObjectId::parse(std::string(40, 'a'));

struct World {
  test::LocalRepository repository;

  // A commit with a .gitmodules, a submodule at "one" and another at "libs/two".
  [[nodiscard]] std::vector<git::Submodule> read(const std::string& modules,
                                                 git_filemode_t mode = GIT_FILEMODE_BLOB) const {
    const auto libs = repository.tree({{"two", {GIT_FILEMODE_COMMIT, linked}}});
    const auto root = repository.tree({{".gitmodules", {mode, repository.blob(modules)}},
                                       {"file", {GIT_FILEMODE_BLOB, repository.blob("x")}},
                                       {"libs", {GIT_FILEMODE_TREE, libs}},
                                       {"one", {GIT_FILEMODE_COMMIT, linked}}});
    return git::submodules_of(git::ObjectStore(repository.objects()), repository.commit(root));
  }
};

std::string module(const std::string& name, const std::string& path, const std::string& rest = "url = ../x\n") {
  return "[submodule \"" + name + "\"]\npath = " + path + "\n" + rest;
}

}  // namespace

TEST_CASE("submodules are what .gitmodules names and the tree has") {
  const World world;
  const auto found = world.read(module("a", "one") + module("b/c", "libs/two", "url = https://x/y\nbranch = next\n") +
                                module("gone", "nowhere") + module("no link", "file"));
  REQUIRE(found.size() == 4);
  CHECK(found[0].name == "a");
  CHECK(found[0].path == "one");
  CHECK(found[0].url == "../x");
  CHECK(found[0].commit == linked);
  CHECK(found[1].name == "b/c");
  CHECK(found[1].url == "https://x/y");
  CHECK(found[1].branch == "next");
  CHECK(found[1].commit == linked);
  CHECK_FALSE(found[2].commit);
  CHECK_FALSE(found[3].commit);
}

TEST_CASE("a repository without .gitmodules has no submodules") {
  const test::LocalRepository repository;
  const auto root = repository.tree({{"one", {GIT_FILEMODE_COMMIT, linked}}});
  CHECK(git::submodules_of(git::ObjectStore(repository.objects()), repository.commit(root)).empty());
}

TEST_CASE("names and paths of submodules that lead out are refused") {
  const World world;
  for (const char* bad :
       {"../up", "a/../../b", "/root", "-upload-pack", ".git/hooks", "a/.GIT", "git~1", "a//b", ".", "a\\\\b", "c:x"}) {
    INFO(bad);
    CHECK_THROWS_AS(world.read(module("a", bad)), base::Error);
    CHECK_THROWS_AS(world.read(module(bad, "one")), base::Error);
  }
}

TEST_CASE("a .gitmodules that is not a file, or gives no url for what is there, is refused") {
  const World world;
  CHECK_THROWS_AS(world.read(module("a", "one"), GIT_FILEMODE_LINK), base::Error);
  CHECK_THROWS_AS(world.read(module("a", "one", "")), base::Error);
  CHECK_THROWS_AS(world.read("[submodule \"a\"\npath"), base::Error);
  CHECK(world.read(module("a", "nowhere", "")).size() == 1);
}

TEST_CASE("submodules whose git directories or paths would meet are refused when they are checked out together") {
  const auto submodule = [](const char* name, const char* path) {
    return git::Submodule{name, path, "../x", "", linked};
  };
  CHECK_NOTHROW(git::require_apart({}));
  CHECK_NOTHROW(
      git::require_apart({submodule("a", "x"), submodule("ab", "y"), submodule("b/a", "z"), submodule("a-b", "w")}));
  for (const char* inner : {"a", "A", "a/hooks", "a/modules/b", "A/b"}) {
    INFO(inner);
    CHECK_THROWS_AS(git::require_apart({submodule("a", "x"), submodule("a-b", "z"), submodule(inner, "y")}),
                    base::Error);
  }
  CHECK_THROWS_AS(git::require_apart({submodule("a", "x"), submodule("b", "x")}), base::Error);
  CHECK_THROWS_AS(git::require_apart({submodule("a", "x"), submodule("b", "X")}), base::Error);
}
