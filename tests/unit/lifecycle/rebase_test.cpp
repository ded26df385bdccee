#include "lifecycle/rebase.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace lifecycle;

namespace {

const registry::Platform host{"linux", "amd64", ""};

// A run image, an application's image on it, and the run image patched.
class World {
 public:
  World() {
    add_base("run:1", "old");
    add_base("run:2", "new");
    add_app();
  }

  static registry::Reference at(const std::string& name) {
    return registry::Reference::parse("r.example.com/" + name, "test");
  }

  void add_base(const std::string& name, const std::string& layer) {
    const json::Value labels = {
        {"io.buildpacks.base.distro.name", distribution}, {"io.buildpacks.base.id", layer}, {"maintainer", layer}};
    registry.add_image(at(name),
                       {{"os", "linux"},
                        {"architecture", "amd64"},
                        {"config", {{"Env", {"BASE=" + layer}}, {"Labels", labels}}},
                        {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of(layer).text()}}}}},
                       {layer});
  }

  void add_app() {
    json::Value labels = {{"io.buildpacks.base.distro.name", "debian"},
                          {"io.buildpacks.base.id", "old"},
                          {"io.buildpacks.stack.mixins", "[]"},
                          {"maintainer", "the user"},
                          {"io.buildpacks.lifecycle.metadata",
                           R"({"app":[],"future":{"kept":"<yes>"},"runImage":{"topLayer":")" + top_layer +
                               R"(","reference":"r.example.com/run@sha256:0","image":"r.example.com/run:base"}})"}};
    if (!rebasable.empty()) labels["io.buildpacks.rebasable"] = rebasable;
    json::Value config = {
        {"os", "linux"},
        {"architecture", "amd64"},
        {"created", "1980-01-01T00:00:01Z"},
        {"config", {{"Env", {"BASE=old", "APP=1"}}, {"Labels", labels}}},
        {"rootfs",
         {{"type", "layers"},
          {"diff_ids",
           {base::Sha256::of("old").text(), base::Sha256::of("lib").text(), base::Sha256::of("code").text()}}}}};
    if (with_history) {
      config["history"] = {{{"created_by", "base"}}, {{"created_by", "lib"}}, {{"created_by", "code"}}};
    }
    registry.add_image(at("app:main"), config, {"old", "lib", "code"});
  }

  [[nodiscard]] PreviousImage app() { return *find_previous_image(registry, at("app:main"), host, log); }
  [[nodiscard]] RunImage base(const std::string& name) {
    return find_run_image(registry, {at(name), {}}, at("app").repository, host);
  }

  std::string distribution = "debian";
  std::string rebasable;
  std::string top_layer = base::Sha256::of("old").text();
  bool with_history = true;
  test::InMemoryRegistry registry;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

std::vector<std::string> texts(const json::Value& list) { return list.get<std::vector<std::string>>(); }

}  // namespace

TEST_CASE("a rebase replaces the base's layers and keeps the application's") {
  World world;
  const auto image = compose_rebased(world.app(), world.base("run:2"));
  CHECK(texts(image.config["rootfs"]["diff_ids"]) ==
        std::vector{base::Sha256::of("new").text(), base::Sha256::of("lib").text(), base::Sha256::of("code").text()});
  CHECK(image.layers.size() == 3);
  CHECK(image.layers[1].digest == base::Sha256::of("lib"));
  CHECK(texts(image.config["config"]["Env"]) == std::vector<std::string>{"BASE=old", "APP=1"});
  REQUIRE(image.config["history"].size() == 3);
  CHECK(image.config["history"][2]["created_by"] == "code");
}

TEST_CASE("stack and base labels are the new base's, all others stay, also what no one here knows") {
  World world;
  const auto image = compose_rebased(world.app(), world.base("run:2"));
  const auto& labels = image.config["config"]["Labels"];
  CHECK(labels["io.buildpacks.base.id"] == "new");
  CHECK_FALSE(labels.contains("io.buildpacks.stack.mixins"));
  CHECK(labels["maintainer"] == "the user");
  const auto text = labels["io.buildpacks.lifecycle.metadata"].get<std::string>();
  const auto metadata = json::parse(text, "label");
  CHECK(metadata["future"]["kept"] == "<yes>");
  CHECK(text.find("\\u003cyes\\u003e") != std::string::npos);  // as Go writes it
  CHECK(metadata["runImage"]["topLayer"] == base::Sha256::of("new").text());
  CHECK(metadata["runImage"]["reference"] == world.base("run:2").reference.text());
  CHECK(metadata["runImage"]["image"] == "r.example.com/run:base");
}

TEST_CASE("an image without a history loses none of its layers") {
  World world;
  world.with_history = false;
  world.add_app();
  const auto image = compose_rebased(world.app(), world.base("run:2"));
  CHECK(image.layers.size() == 3);
  CHECK(image.config["history"].size() == 3);
}

TEST_CASE("a rebase there and back gives the image that was") {
  World world;
  const auto first = world.app();
  const auto there = rebase(world.registry, {}, first, world.base("run:2"), world.log);
  world.registry.put_manifest(World::at("app:main"), there.manifest);
  CHECK(there.manifest.digest != first.image.raw.digest);
  const auto back = rebase(world.registry, {}, world.app(), world.base("run:1"), world.log);
  world.registry.put_manifest(World::at("app:main"), back.manifest);
  const auto again = rebase(world.registry, {}, world.app(), world.base("run:2"), world.log);
  CHECK(again.manifest.digest == there.manifest.digest);
}

TEST_CASE("a rebase reads and sends nothing of the application") {
  World world;
  const auto app = world.app();
  const auto base = world.base("run:2");
  const auto before = world.registry.operations().size();
  const auto rebased = rebase(world.registry, {}, app, base, world.log);
  CHECK(rebased.kept == 2);
  const auto operations = world.registry.operations();
  CHECK(std::none_of(operations.begin() + static_cast<std::ptrdiff_t>(before), operations.end(),
                     [](const auto& line) { return line.find(base::Sha256::of("lib").text()) != std::string::npos; }));
}

TEST_CASE("an image that is not rebasable, knows no base, or is for another system, is not rebased") {
  World world;
  CHECK_FALSE(obstacle_to_rebase(world.app(), world.base("run:2")));
  world.distribution = "alpine";
  world.add_base("run:3", "other");
  CHECK(obstacle_to_rebase(world.app(), world.base("run:3")).value_or("").find("alpine") != std::string::npos);
  world.rebasable = "false";
  world.add_app();
  CHECK(obstacle_to_rebase(world.app(), world.base("run:2")) == "the image says that it is not rebasable");
  world.rebasable = "";
  world.top_layer = base::Sha256::of("unknown").text();
  world.add_app();
  CHECK(obstacle_to_rebase(world.app(), world.base("run:2")));
  CHECK_THROWS_AS(rebase(world.registry, {}, world.app(), world.base("run:2"), world.log), base::Error);
}

TEST_CASE("another tag or a mirror is the image's own base; another repository is not") {
  World world;
  world.add_base("other:1", "new");
  CHECK(is_own_run_image(world.app(), world.base("run:2")));
  CHECK_FALSE(is_own_run_image(world.app(), world.base("other:1")));
  const auto image = compose_rebased(world.app(), world.base("other:1"));
  const auto text = image.config["config"]["Labels"]["io.buildpacks.lifecycle.metadata"].get<std::string>();
  CHECK(json::parse(text, "label")["runImage"]["image"] == "r.example.com/other:1");
}
