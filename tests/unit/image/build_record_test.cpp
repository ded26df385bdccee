#include "image/build_record.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "http/message.hpp"
#include "image/builds.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace image;
using lifecycle::Change;
using lifecycle::Reason;

namespace {

const auto reference = registry::Reference::parse("r.example.com/app:main", "test");

BuildRecord full_record() {
  BuildRecord record;
  record.number = 7;
  record.kind = "build";
  record.image = "r.example.com/app@" + base::Sha256::of("image").text();
  record.tag = "main";
  record.changes = {{Reason::commit, "a", "b"}, {Reason::stack, "c", "d"}};
  record.origin = {"b", "https://git.example.com/app.git", "https://git.example.com/c/b"};
  record.builder = "r.example.com/builder";
  record.run_image = "r.example.com/run@" + base::Sha256::of("run").text();
  record.build_url = "https://ci.example.com/builds/1";
  record.started = "2026-01-31T12:00:00Z";
  record.finished = "2026-01-31T12:00:09Z";
  record.seconds = 9.5;
  record.phases = {{"PREPARING", 0.5, 0.25}};
  record.layers = 5;
  record.reused = 4;
  record.uploaded = 1000;
  record.size = 20000;
  record.earlier = {{6, base::Sha256::of("6").text(), base::Sha256::of("r6").text(), "CONFIG", "2026-01-30T12:00:00Z"}};
  return record;
}

// A registry, and puts that leave an image and its record there.
class World {
 public:
  registry::RawManifest add_image(const std::string& layer) {
    return registry.add_image(reference,
                              {{"os", "linux"},
                               {"architecture", "amd64"},
                               {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of(layer).text()}}}}},
                              {layer});
  }

  // Builds `layer` after the build of `previous`.
  registry::RawManifest build(const std::string& layer, const std::optional<registry::Digest>& previous) {
    auto raw = add_image(layer);
    BuildRecord record;
    record.kind = "build";
    record.image = reference.repository.text() + "@" + raw.digest.text();
    record.changes = {{previous ? Reason::commit : Reason::config, "", layer}};
    follow(record, previous ? find(*previous) : std::nullopt);
    write_record(registry, reference.repository, raw, record, "log of " + layer + "\n");
    return raw;
  }

  std::optional<StoredRecord> find(const registry::Digest& digest) {
    return find_record(registry, reference.repository, digest, log);
  }

  test::InMemoryRegistry registry;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

}  // namespace

TEST_CASE("a record comes back as it was written") {
  const auto record = full_record();
  const auto read = parse_build_record(json::dump(to_json(record)));
  REQUIRE(read);
  CHECK(to_json(*read) == to_json(record));
  CHECK(read->changes == record.changes);
}

TEST_CASE("what is no record, or a later version's, is read as far as it goes") {
  CHECK_FALSE(parse_build_record("no JSON"));
  CHECK_FALSE(parse_build_record("{}"));
  CHECK_FALSE(parse_build_record("[]"));
  const auto later = parse_build_record(
      R"({"number":3,"changes":[{"reason":"LIFECYCLE","old":"1","new":"2"},{"reason":"STACK"}],"phases":[7],"new":{}})");
  REQUIRE(later);
  CHECK(later->number == 3);
  CHECK(later->changes == std::vector{Change{Reason::stack, "", ""}});
}

TEST_CASE("a record is found by its image, with its log, and each build counts on from the one before") {
  World world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const auto found = world.find(second.digest);
  REQUIRE(found);
  CHECK(found->record.number == 2);
  CHECK(read_log(world.registry, reference.repository, *found) == "log of two\n");
  REQUIRE(found->record.earlier.size() == 1);
  CHECK(found->record.earlier[0].image == first.digest.text());
  CHECK(found->record.earlier[0].reasons == "CONFIG");
}

TEST_CASE("of two builds that gave the same image the newer counts") {
  World world;
  const auto first = world.build("one", std::nullopt);
  const auto again = world.build("one", first.digest);
  REQUIRE(again.digest == first.digest);
  CHECK(world.find(first.digest)->record.number == 2);
}

TEST_CASE("an image without a record, and one whose record is damaged, have none") {
  World world;
  const auto bare = world.add_image("bare");
  CHECK_FALSE(world.find(bare.digest));
  const auto built = world.build("one", std::nullopt);
  const auto raw = world.registry.find_manifest({reference.repository, std::nullopt, world.find(built.digest)->digest});
  world.registry.corrupt_blob(reference.repository, registry::parse_manifest(*raw, "test").config.digest);
  CHECK_FALSE(world.find(built.digest));
  CHECK(world.output.str().find("no build record") != std::string::npos);
}

TEST_CASE("a history is bounded") {
  auto record = full_record();
  record.earlier.assign(99, record.earlier.front());
  BuildRecord next;
  follow(next, StoredRecord{record, base::Sha256::of("r7"), {"", base::Sha256::of("log"), 0, {}, std::nullopt, ""}});
  CHECK(next.number == 8);
  CHECK(next.earlier.size() == 99);
  CHECK(next.earlier.front().number == 7);
}

TEST_CASE("the table is that of kp build list") {
  CHECK(build_table({{1, "r/app@sha256:1", "CONFIG"}, {12, "r/app@sha256:2", "COMMIT,STACK"}}) ==
        "BUILD    STATUS   BUILT IMAGE    REASON\n"
        "1        SUCCESS  r/app@sha256:1 CONFIG\n"
        "12       SUCCESS  r/app@sha256:2 COMMIT+\n");
}

TEST_CASE("a history is written oldest first, also when the registry has lost an older record") {
  World world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const auto third = world.build("three", second.digest);
  world.registry.delete_manifest(reference.repository, world.find(first.digest)->digest);
  const base::TemporaryDirectory directory("builds-test");
  write_builds(world.registry, reference.repository, *world.find(third.digest), 10, directory.path(), world.log);
  const auto builds = json::parse(base::read_file(directory.path() / "builds.json"), "test");
  REQUIRE(builds.size() == 3);
  CHECK(builds[0]["number"] == 1);
  CHECK(builds[0]["reasons"] == "CONFIG");
  CHECK(builds[2]["changes"][0]["new"] == "three");
  CHECK_FALSE(std::filesystem::exists(directory.path() / "logs/1.log"));
  CHECK(base::read_file(directory.path() / "logs/2.log") == "log of two\n");
  CHECK(world.output.str().find("build #1") != std::string::npos);
}

TEST_CASE("of a history as many builds are written as are asked for") {
  World world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const base::TemporaryDirectory directory("builds-test");
  write_builds(world.registry, reference.repository, *world.find(second.digest), 1, directory.path(), world.log);
  const auto builds = json::parse(base::read_file(directory.path() / "builds.json"), "test");
  REQUIRE(builds.size() == 1);
  CHECK(builds[0]["number"] == 2);
}
