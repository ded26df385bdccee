#include "builds/history.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"
#include "support/build_world.hpp"

using namespace builds;
using test::BuildWorld;

namespace {

BuildRow row(std::uint64_t number, std::string image, std::string reasons) {
  BuildRow result;
  result.number = number;
  result.image = std::move(image);
  result.reasons = std::move(reasons);
  return result;
}

}  // namespace

TEST_CASE("the table is that of kp build list") {
  CHECK(build_table({row(1, "r/app@sha256:1", "CONFIG"), row(12, "r/app@sha256:2", "COMMIT,STACK")}) ==
        "BUILD    STATUS     BUILT IMAGE       REASON\n"
        "1        SUCCESS    r/app@sha256:1    CONFIG\n"
        "12       SUCCESS    r/app@sha256:2    COMMIT+\n");
}

TEST_CASE("a history is written oldest first, also when the registry has lost an older record") {
  BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const auto third = world.build("three", second.digest);
  world.registry.delete_manifest(world.reference.repository, world.find(first.digest)->digest);
  const base::TemporaryDirectory directory("builds-test");
  write_history(world.registry, world.reference.repository, *world.find(third.digest), 10, directory.path(), world.log);
  const auto builds = json::parse(base::read_file(directory.path() / "builds.json"), "test");
  REQUIRE(builds.size() == 3);
  CHECK(builds[0]["number"] == 1);
  CHECK(builds[0]["reasons"] == "CONFIG");
  CHECK(builds[2]["changes"][0]["new"] == "three");
  CHECK_FALSE(std::filesystem::exists(directory.path() / "logs/1.log"));
  CHECK(base::read_file(directory.path() / "logs/2.log") == "log of two\n");
  CHECK(world.output.str().find("build #1") != std::string::npos);
}

TEST_CASE("what a mirror lacks of a history is read where the image comes from") {
  BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  auto mirror = world.reference.repository;
  mirror.path = "mirrored/" + mirror.path;
  const base::TemporaryDirectory directory("builds-test");
  write_history(world.registry, mirror, *world.find(second.digest), 10, directory.path(), world.log,
                world.reference.repository);
  CHECK(base::read_file(directory.path() / "logs/1.log") == "log of one\n");
  CHECK(base::read_file(directory.path() / "logs/2.log") == "log of two\n");
  CHECK(world.output.str().find("known by its number alone") == std::string::npos);
}

TEST_CASE("of a history as many builds are written as are asked for") {
  BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const base::TemporaryDirectory directory("builds-test");
  write_history(world.registry, world.reference.repository, *world.find(second.digest), 1, directory.path(), world.log);
  const auto builds = json::parse(base::read_file(directory.path() / "builds.json"), "test");
  REQUIRE(builds.size() == 1);
  CHECK(builds[0]["number"] == 2);
}

TEST_CASE("a build that failed has a line without an image, and what only some rows know has a column at the end") {
  auto failed = row(1, "", "COMMIT");
  failed.status = status::failure;
  auto built = row(2, "r/app@sha256:1", "TRIGGER");
  built.commit = std::string(40, 'a');
  built.finished = "2026-01-31T12:00:09Z";
  CHECK(build_table({failed, built}) ==
        "BUILD    STATUS     BUILT IMAGE       REASON     COMMIT          FINISHED\n"
        "1        FAILURE                      COMMIT\n"
        "2        SUCCESS    r/app@sha256:1    TRIGGER    aaaaaaaaaaaa    2026-01-31T12:00:09Z\n");
}

TEST_CASE("a record's text can forge no line of the table") {
  CHECK(build_table({row(1, "r/app@x\n2        SUCCESS  r/evil", "CONFIG\x1b[31m")}).find('\x1b') == std::string::npos);
  const auto table = build_table({row(1, "r/app@x\n2 y", "CONFIG")});
  CHECK(std::count(table.begin(), table.end(), '\n') == 2);
}

TEST_CASE(
    "records that name each other as the one before are read once for each line, and no more than are asked for") {
  BuildWorld world;
  const auto image = world.build("one", std::nullopt);
  auto newest = *world.find(image.digest);
  newest.record.earlier.assign(
      50, EarlierBuild{1, image.digest.text(), newest.digest.text(), "CONFIG", "2026-01-31T12:00:09Z"});
  const base::TemporaryDirectory directory("builds-test");
  const auto before = world.registry.operations().size();
  write_history(world.registry, world.reference.repository, newest, 10, directory.path(), world.log);
  CHECK(world.registry.operations().size() <= before + 10);
  CHECK(json::parse(base::read_file(directory.path() / "builds.json"), "test").size() == 10);
}

TEST_CASE("another engine's builds are written as they are given, with the logs that there are") {
  const base::TemporaryDirectory directory("builds-test");
  write_history({{row(3, "", "STACK"), {{"number", 3}}, "log of three\n"},
                 {row(4, "", "LIFECYCLE"), {{"number", 4}}, std::nullopt}},
                directory.path());
  CHECK(json::parse(base::read_file(directory.path() / "builds.json"), "test")[1]["number"] == 4);
  CHECK(base::read_file(directory.path() / "builds.txt").find("LIFECYCLE") != std::string::npos);
  CHECK(base::read_file(directory.path() / "logs/3.log") == "log of three\n");
  CHECK_FALSE(std::filesystem::exists(directory.path() / "logs/4.log"));
}
