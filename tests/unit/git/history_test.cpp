#include "git/history.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/local_repository.hpp"

namespace {

using Ids = std::vector<git::ObjectId>;

// root - a - b - merge - c
//     \_ s - t _/
struct World {
  test::LocalRepository repository;
  git::ObjectId root = repository.commit({}, 100);
  git::ObjectId a = repository.commit({root}, 200);
  git::ObjectId s = repository.commit({root}, 50);  // a clock that was wrong
  git::ObjectId b = repository.commit({a}, 300);
  git::ObjectId t = repository.commit({s}, 250);
  git::ObjectId merge = repository.commit({b, t}, 400);
  git::ObjectId c = repository.commit({merge}, 500);

  [[nodiscard]] Ids lines(const Ids& tips) const {
    return git::first_parent_lines(git::ObjectStore(repository.objects()), tips);
  }
};

}  // namespace

TEST_CASE("the line of a tip is its first parents, the oldest first") {
  const World world;
  CHECK(world.lines({world.c}) == Ids{world.root, world.a, world.b, world.merge, world.c});
  CHECK(world.lines({world.t}) == Ids{world.root, world.s, world.t});
}

TEST_CASE("the lines of several tips are one list, in which each commit follows its ancestors") {
  const World world;
  CHECK(world.lines({world.c, world.t, world.a}) ==
        Ids{world.root, world.s, world.a, world.t, world.b, world.merge, world.c});
  CHECK(world.lines({world.a, world.a}) == Ids{world.root, world.a});
}

TEST_CASE("what is not there, or is not a commit, has no line") {
  const World world;
  const auto missing = *git::ObjectId::parse(std::string(40, '7'));
  CHECK(world.lines({missing, world.repository.blob("x"), world.s}) == Ids{world.root, world.s});
  const auto orphan = world.repository.commit({missing, world.s}, 600);
  CHECK(world.lines({orphan}) == Ids{orphan});
  CHECK(world.lines({}).empty());
}
