#include "kpack/await.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "scripted_scene.hpp"
#include "support/failure.hpp"
#include "world.hpp"

using namespace std::chrono_literals;

namespace {

struct World {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  test::ScriptedScene scene{clock};
  kpack::Aim aim;
  kpack::Patience patience{clock.steady_now() + 300s, 300s};
  std::vector<std::uint64_t> triggered;
  bool is_there = true;  // the Build that is triggered

  World() {
    aim.uid = "u1";
    aim.generation = 2;
    aim.newest_before = 1;
    aim.source = kpack::Source{kpack::Source::Kind::git, "", "bbbb", ""};
    scene.now = {test::image({2, 1, "bbbb", "Unknown", "BuildRunning"}), {test::build({1, 1, "aaaa", ""})}};
  }

  kpack::Awaited run() {
    const kpack::Trigger trigger = [this](const kpack::Build& newest) {
      triggered.push_back(newest.number);
      return is_there;
    };
    return kpack::await_build(aim, scene, trigger, patience, log);
  }

  std::string refusal() {
    return test::failure([&] { static_cast<void>(run()); });
  }
};

}  // namespace

TEST_CASE("what is waited for is told once, and the build that comes is the answer") {
  World world;
  for (int i = 0; i < 30; ++i) world.scene.then([] {});
  world.scene.then([&] { world.scene.now.builds[0] = test::build({1, 1, "aaaa", "True"}); });
  world.scene.then([&] { world.scene.now.builds.push_back(test::build({2, 2, "bbbb", ""})); });
  const auto awaited = world.run();
  CHECK(awaited.build == 2);
  CHECK(awaited.is_new);
  CHECK(world.text.str() == "waiting: behind build #1, which runs\n");
}

TEST_CASE("a stale failure is triggered, and one that was overtaken again") {
  World world;
  world.scene.now = {test::image({2, 2, "bbbb", "False", "BuildFailed"}), {test::build({1, 1, "bbbb", "False"})}};
  world.scene.then([&] { world.scene.now.builds.push_back(test::build({2, 1, "aaaa", ""})); });
  world.scene.then([&] { world.scene.now.builds.push_back(test::build({3, 2, "bbbb", ""})); });
  CHECK(world.run().build == 3);
  CHECK(world.triggered == std::vector<std::uint64_t>{1, 2});
  CHECK(world.text.str().starts_with("triggering a new build: build #1 of the same source failed before\n"));
}

TEST_CASE("a build that is deleted before it could be triggered is forgotten") {
  World world;
  world.is_there = false;
  world.scene.now = {test::image({2, 2, "bbbb", "False", "BuildFailed"}), {test::build({1, 1, "bbbb", "False"})}};
  world.scene.then([&] { world.scene.now.builds = {test::build({2, 2, "bbbb", "True"})}; });
  CHECK(world.run().build == 2);
}

TEST_CASE("a builder is waited for, and not for ever") {
  World world;
  world.scene.now.image = test::image({2, 2, "bbbb", "False", "BuilderNotFound"});
  world.scene.then([] {});
  world.scene.then([&] { world.scene.now.builds.push_back(test::build({2, 2, "bbbb", ""})); });
  CHECK(world.run().build == 2);
  World other;
  other.scene.now.image = test::image({2, 2, "bbbb", "False", "BuilderNotFound"});
  CHECK(other.refusal() ==
        "cannot build the Image app: its builder cannot be used after 1 min 00 s: BuilderNotFound; check "
        "the Image's builder, or the builder's own status");
}

TEST_CASE("a builder that comes and goes begins its time anew") {
  World world;
  const auto set = [&](const std::string& reason) {
    return [&world, reason] { world.scene.now.image = test::image({2, 2, "bbbb", "Unknown", reason}); };
  };
  for (int round = 0; round < 3; ++round) {
    world.scene.then(set("BuilderNotReady"));
    for (int i = 0; i < 40; ++i) world.scene.then([] {});
    world.scene.then(set("ResolverNotReady"));
  }
  world.scene.then([&] { world.scene.now.builds.push_back(test::build({2, 2, "bbbb", ""})); });
  CHECK(world.run().build == 2);
}

TEST_CASE("superseded, deleted and timed out puts end with the reason") {
  World world;
  world.scene.now.image = test::image({3, 3, "cccc", "Unknown", "BuildRunning"});
  CHECK(world.refusal().starts_with(
      "cannot build the Image app: it was superseded: the Image was changed to cccc meanwhile"));
  World gone;
  gone.scene.then([&] { gone.scene.now.image.reset(); });
  CHECK(gone.refusal() == "cannot build the Image app: the Image was deleted; put again");
  World late;
  CHECK(late.refusal() ==
        "cannot build the Image app: it is not built after 5 min 00 s (the timeout), waiting: behind build #1, which "
        "runs; what kpack has begun goes on; put again to wait for it");
}
