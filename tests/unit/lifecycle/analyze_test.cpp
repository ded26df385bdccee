#include "lifecycle/analyze.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sstream>

#include "base/error.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace lifecycle;
using base::Error;
using base::ErrorKind;
using Catch::Matchers::ContainsSubstring;

namespace {

const registry::Platform host{"linux", "amd64", ""};

class World {
 public:
  static registry::Reference at(const std::string& name) { return registry::Reference::parse(name, "test"); }

  registry::RawManifest add(const std::string& name, const std::vector<std::string>& layers,
                            const json::Value& labels = json::Value::object()) {
    json::Value diff_ids = json::Value::array();
    for (const auto& layer : layers) diff_ids.push_back(base::Sha256::of(layer).text());
    return registry.add_image(at(name),
                              {{"os", "linux"},
                               {"architecture", "amd64"},
                               {"config", {{"Labels", labels}}},
                               {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}},
                              layers);
  }

  RunImage find(const RunImageChoice& choice) { return find_run_image(registry, choice, target, host); }

  const registry::Repository target = registry::parse_repository("r.example.com/app", "test");
  test::InMemoryRegistry registry;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

const buildpacks::RunImage known{"docker.io/acme/run:base", {"r.example.com/mirror/run:base"}};

}  // namespace

TEST_CASE("the run image that a user names counts, with the name and mirrors that the builder knows of it") {
  World world;
  const auto raw = world.add("r.example.com/mirror/run:base", {"a"});
  const auto found = world.find({World::at("r.example.com/mirror/run:base"), {known}});
  CHECK(found.reference.digest == raw.digest);
  CHECK(found.name.image == "docker.io/acme/run:base");
  world.add("r.example.com/own:1", {"b"});
  CHECK(world.find({World::at("r.example.com/own:1"), {known}}).name.image == "r.example.com/own:1");
}

TEST_CASE("without a name the builder's run image is taken, a mirror on the target's registry first") {
  World world;
  world.add("docker.io/acme/run:base", {"a"});
  CHECK(world.find({std::nullopt, {known}}).reference.repository.host == "docker.io");
  world.add("r.example.com/mirror/run:base", {"a"});
  CHECK(world.find({std::nullopt, {known}}).reference.repository.host == "r.example.com");
}

TEST_CASE("a mirror that does not answer is passed over while there is another one") {
  World world;
  world.add("docker.io/acme/run:base", {"a"});
  world.registry.before_each = [](const std::string& line) {
    if (line.find("mirror") != std::string::npos) throw Error(ErrorKind::transient, {"reach", "it", "no answer", ""});
  };
  CHECK(world.find({std::nullopt, {known}}).reference.repository.host == "docker.io");
}

TEST_CASE("a mirror that lacks the run image says nothing of the registry that refused") {
  World world;
  world.registry.before_each = [](const std::string& line) {
    if (line.find("acme") != std::string::npos) throw Error(ErrorKind::denied, {"read", "it", "401", ""});
  };
  const buildpacks::RunImage refused{"r.example.com/acme/run:base", {"r.example.com/mirror/run:base"}};
  CHECK_THROWS_WITH(world.find({std::nullopt, {refused}}), ContainsSubstring("401"));
}

TEST_CASE("a run image that is not there, is refused or has no layers says so by the field that names it") {
  World world;
  CHECK_THROWS_WITH(world.find({std::nullopt, {}, "params.run_image"}),
                    ContainsSubstring("name one in params.run_image"));
  CHECK_THROWS_WITH(world.find({World::at("r.example.com/gone:1"), {}, "params.run_image"}),
                    ContainsSubstring("check params.run_image"));
  world.add("r.example.com/empty:1", {});
  CHECK_THROWS_WITH(world.find({World::at("r.example.com/empty:1"), {}}), ContainsSubstring("no layers"));
  world.registry.before_each = [](const std::string&) { throw Error(ErrorKind::denied, {"read", "it", "401", ""}); };
  try {
    static_cast<void>(world.find({World::at("r.example.com/gone:1"), {}}));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::denied);
  }
}

TEST_CASE("layers that the registry lost are told of, and are not among those that can be reused") {
  World world;
  world.add("r.example.com/app:main", {"a", "b"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  auto previous = *look_up_previous_image(world.registry, World::at("r.example.com/app:main"), host).image;
  const auto before = world.registry.operations().size();
  find_layers(world.registry, previous, world.log);
  CHECK(previous.layers.size() == 2);
  CHECK(world.registry.operations().size() == before + 1);
  // A registry whose clean-up took what a manifest still names.
  world.registry.lose_blob(world.target, base::Sha256::of("b"));
  find_layers(world.registry, previous, world.log);
  CHECK(previous.layers.size() == 1);
  CHECK(previous.layers.contains(base::Sha256::of("a").text()));
  CHECK_THAT(world.output.str(), ContainsSubstring("lost layer"));
}

TEST_CASE("where a registry takes no manifest a second time, it is asked for each layer") {
  World world;
  world.add("r.example.com/app:main", {"a", "b"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  auto previous = *look_up_previous_image(world.registry, World::at("r.example.com/app:main"), host).image;
  auto kind = ErrorKind::denied;
  world.registry.before_each = [&](const std::string& line) {
    if (line.starts_with("put_manifest")) throw Error(kind, {"push", "image", "it is there already", ""});
  };
  for (const auto refused : {ErrorKind::denied, ErrorKind::not_found, ErrorKind::protocol}) {
    kind = refused;
    CHECK(is_whole(world.registry, previous));
    find_layers(world.registry, previous, world.log);
    CHECK(previous.layers.size() == 2);
  }
  world.registry.lose_blob(world.target, base::Sha256::of("b"));
  CHECK_FALSE(is_whole(world.registry, previous));
  kind = ErrorKind::transient;
  CHECK_THROWS_AS(is_whole(world.registry, previous), Error);
}

TEST_CASE("an image whose configuration and manifest do not agree has no layers to reuse") {
  World world;
  world.add("r.example.com/app:main", {"a", "b"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  auto previous = *look_up_previous_image(world.registry, World::at("r.example.com/app:main"), host).image;
  previous.image.config["rootfs"]["diff_ids"].erase(1);
  find_layers(world.registry, previous, world.log);
  CHECK(previous.layers.empty());
}

TEST_CASE("the target is what configuration and labels say") {
  World world;
  world.add("r.example.com/run:1", {"a"},
            {{"io.buildpacks.base.distro.name", "debian"}, {"io.buildpacks.base.distro.version", "12"}});
  const auto target = world.find({World::at("r.example.com/run:1"), {}}).target;
  CHECK(target.os == "linux");
  CHECK(target.architecture == "amd64");
  REQUIRE(target.distributions.size() == 1);
  CHECK(target.distributions.front().name == "debian");
}
