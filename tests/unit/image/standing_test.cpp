#include "image/standing.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sstream>

#include "base/error.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace image;
using base::Error;
using base::ErrorKind;
using Catch::Matchers::ContainsSubstring;

namespace {

class World {
 public:
  World() {
    source.repository = registry::parse_repository("r.example.com/app", "test");
    source.tag = "main";
    source.platform = {"linux", "amd64", ""};
    add(run, json::Value::object());
  }

  void add(const registry::Reference& reference, const json::Value& labels) {
    registry.add_image(reference,
                       {{"os", "linux"},
                        {"architecture", "amd64"},
                        {"config", {{"Labels", labels}}},
                        {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("layer").text()}}}}},
                       {"layer"});
  }

  // Operations that begin so fail with this kind.
  void refuse(std::string operation, ErrorKind kind) {
    registry.before_each = [operation = std::move(operation), kind](const std::string& line) {
      if (line.starts_with(operation)) throw Error(kind, {"do", line, "HTTP status 401", ""});
    };
  }

  Found look() { return look_up(registry, source, {run, {}}, log); }

  registry::Reference run = registry::Reference::parse("r.example.com/run:base", "test");
  Source source;
  test::InMemoryRegistry registry;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

const json::Value built = {{"io.buildpacks.lifecycle.metadata", "{}"}};

}  // namespace

TEST_CASE("who may not write is refused before anything is read of the image") {
  World world;
  world.refuse("require_write_access r.example.com/app", ErrorKind::denied);
  CHECK_THROWS_AS(world.look(), Error);
  for (const auto& line : world.registry.operations()) CHECK_FALSE(line.starts_with("find_manifest r.example.com/app"));
}

TEST_CASE("a cache of another repository must be writable, too") {
  World world;
  world.source.cache = registry::Reference::parse("r.example.com/cache:app", "test");
  world.refuse("require_write_access r.example.com/cache", ErrorKind::denied);
  CHECK_THROWS_AS(world.look(), Error);
}

TEST_CASE("who may write and not read is told so: an image that is refused is not one that is not there") {
  World world;
  world.refuse("find_manifest r.example.com/app", ErrorKind::denied);
  CHECK_THROWS_WITH(world.look(), ContainsSubstring("may write here and not read"));
  world.refuse("find_manifest r.example.com/app", ErrorKind::transient);
  CHECK_THROWS_AS(world.look(), Error);
}

TEST_CASE("nothing at the tag is nothing; what is there and of no use says why") {
  World world;
  CHECK_FALSE(world.look().standing.previous.image);
  CHECK(world.look().standing.previous.unusable.empty());
  world.add(target_of(world.source), json::Value::object());
  CHECK(world.look().standing.previous.unusable == "it was not built by buildpacks");
  CHECK(world.look().standing.previous.named);
  world.add(target_of(world.source), built);
  CHECK(world.look().standing.previous.image);
  world.refuse("stream_blob r.example.com/app", ErrorKind::not_found);
  CHECK_THAT(world.look().standing.previous.unusable, ContainsSubstring("cannot"));
}

TEST_CASE("a record that the registry refuses to tell is not known, and is not said to be absent") {
  World world;
  world.add(target_of(world.source), built);
  CHECK_FALSE(world.look().record_unknown);
  world.refuse("referrers r.example.com/app", ErrorKind::transient);
  const auto found = world.look();
  CHECK(found.standing.previous.image);
  CHECK(found.record_unknown);
  CHECK_THAT(world.output.str(), ContainsSubstring("is not known: cannot do"));
}

TEST_CASE("an image is whole when the registry takes its manifest again, and one request says so") {
  World world;
  world.add(target_of(world.source), built);
  const auto found = world.look();
  const auto before = world.registry.operations().size();
  CHECK(lifecycle::is_whole(world.registry, *found.standing.previous.image));
  CHECK(world.registry.operations().size() == before + 1);
  world.registry.before_each = [](const std::string& line) {
    if (line.starts_with("put_manifest")) {
      throw Error(ErrorKind::protocol, {"push", "it", "", ""}).answered(400, "MANIFEST_BLOB_UNKNOWN");
    }
  };
  CHECK_FALSE(lifecycle::is_whole(world.registry, *found.standing.previous.image));
  // A registry that takes no manifest twice is asked for the layers, also where a login may write and not overwrite.
  for (const auto kind : {ErrorKind::protocol, ErrorKind::denied}) {
    world.refuse("put_manifest", kind);
    CHECK(lifecycle::is_whole(world.registry, *found.standing.previous.image));
  }
  world.refuse("", ErrorKind::denied);
  CHECK_THROWS_AS(lifecycle::is_whole(world.registry, *found.standing.previous.image), Error);
}

TEST_CASE("a rebase alone takes the run image that the image names, and needs no cache") {
  World world;
  world.source.cache = registry::Reference::parse("r.example.com/cache:app", "test");
  world.add(target_of(world.source),
            {{"io.buildpacks.lifecycle.metadata", R"({"runImage":{"image":"r.example.com/run:base"}})"}});
  world.refuse("require_write_access r.example.com/cache", ErrorKind::denied);
  const auto found = look_up_for_rebase(world.registry, world.source, {}, world.log);
  REQUIRE(found.run_image);
  CHECK(found.run_image->reference.repository.path == "run");
}
