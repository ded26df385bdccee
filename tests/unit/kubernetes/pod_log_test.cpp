#include "kubernetes/pod_log.hpp"

#include <catch2/catch_test_macros.hpp>

#include "world.hpp"

namespace {

std::string at(const std::string& time, const std::string& line) {
  return "2026-01-01T00:00:" + time + "Z " + line + "\n";
}

using Lines = std::vector<std::string>;

struct World : test::KubernetesWorld {
  Lines shown;
  // The container ends when it is asked this often.
  int asked_until_end = 1;

  kubernetes::LogEnd follow() {
    const kubernetes::ContainerName name{"apps", "pod", "build"};
    const auto has_ended = [this] { return --asked_until_end < 0; };
    return kubernetes::follow_log(
        client, name, has_ended, [this](std::string_view line) { shown.emplace_back(line); }, random, log, nullptr);
  }
};

}  // namespace

TEST_CASE("a log is complete when a connection made after the container's end gave it") {
  World world;
  world.server.answer(200, {}, at("01.1", "a"));
  world.server.answer(200, {}, at("01.1", "a") + at("01.2", "b") + "2026-01-01T00:00:01.3Z last");
  CHECK(world.follow() == kubernetes::LogEnd::complete);
  CHECK(world.shown == Lines{"a", "b", "last"});
  CHECK(world.server.left() == 0);
}

TEST_CASE("a log that was cut is asked for again from its last second on") {
  World world;
  world.asked_until_end = 2;
  world.server.cut(at("05.1", "a") + "2026-01-01T00:00:05.2Z hal", test::KubernetesWorld::broken());
  world.server.answer(500, {}, "");
  world.server.answer(200, {}, at("05.1", "a") + at("05.2", "half"));
  CHECK(world.follow() == kubernetes::LogEnd::complete);
  CHECK(world.shown == Lines{"a", "half"});
  CHECK(world.path(1).ends_with("&sinceTime=2026-01-01T00%3A00%3A04Z"));
}

TEST_CASE("a container that waits to start is asked again") {
  World world;
  world.asked_until_end = 2;
  world.server.answer(400, {}, "container \"build\" is waiting to start");
  world.server.answer(200, {}, "");
  world.server.answer(200, {}, at("01.1", "a"));
  CHECK(world.follow() == kubernetes::LogEnd::complete);
  CHECK(world.shown == Lines{"a"});
}

TEST_CASE("the log of a pod that is gone is lost, but for what was shown") {
  World world;
  world.server.cut(at("05.1", "a") + "2026-01-01T00:00:05.2Z b", test::KubernetesWorld::broken());
  world.refuse(404, "NotFound", "pod");
  CHECK(world.follow() == kubernetes::LogEnd::lost);
  CHECK(world.shown == Lines{"a"});
}

TEST_CASE("a missing right is an error, and not a lost log") {
  World world;
  world.refuse(403, "Forbidden");
  CHECK_THROWS_AS(world.follow(), base::Error);
}
