#include "lifecycle/rebase.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "base/parallel.hpp"
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

  [[nodiscard]] PreviousImage app() { return *look_up_previous_image(registry, at("app:main"), host).image; }
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
  const auto there = rebase(world.registry, first, world.base("run:2"));
  world.registry.put_manifest(World::at("app:main"), there.manifest);
  CHECK(there.manifest.digest != first.image.raw.digest);
  const auto back = rebase(world.registry, world.app(), world.base("run:1"));
  world.registry.put_manifest(World::at("app:main"), back.manifest);
  const auto again = rebase(world.registry, world.app(), world.base("run:2"));
  CHECK(again.manifest.digest == there.manifest.digest);
}

TEST_CASE("a rebase reads and sends nothing of the application") {
  World world;
  const auto app = world.app();
  const auto base = world.base("run:2");
  const auto before = world.registry.operations().size();
  const auto rebased = rebase(world.registry, app, base);
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
  CHECK_THROWS_AS(rebase(world.registry, world.app(), world.base("run:2")), base::Error);
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

TEST_CASE("a rebase is an upload of the configuration and a mount for each layer that is missing, and asks nothing") {
  World world;
  world.registry.add_image(World::at("run:3"),
                           {{"os", "linux"},
                            {"architecture", "amd64"},
                            {"config", {{"Labels", {{"io.buildpacks.base.distro.name", "debian"}}}}},
                            {"rootfs",
                             {{"type", "layers"},
                              {"diff_ids",
                               {base::Sha256::of("old").text(), base::Sha256::of("more").text(),
                                base::Sha256::of("more").text(), base::Sha256::of("lib").text()}}}}},
                           {"old", "more", "more", "lib"});
  const auto app = world.app();
  const auto base = world.base("run:3");
  const auto before = world.registry.operations().size();
  const auto rebased = rebase(world.registry, app, base);
  const auto all = world.registry.operations();
  REQUIRE(all.size() == before + 2);
  CHECK(all[before] == "mount_blob r.example.com/app " + base::Sha256::of("more").text() + " from run");
  CHECK(all[before + 1].starts_with("put_new_blob r.example.com/app"));
  world.registry.put_manifest(World::at("app:main"), rebased.manifest);  // all of it is there
  CHECK(rebased.kept == 2);
}

TEST_CASE("a base of another registry is asked for, and only what is missing is sent") {
  World world;
  const auto elsewhere = registry::Reference::parse("other.example.com/run:1", "test");
  world.registry.add_image(elsewhere,
                           {{"os", "linux"},
                            {"architecture", "amd64"},
                            {"config", {{"Labels", {{"io.buildpacks.base.distro.name", "debian"}}}}},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("far").text()}}}}},
                           {"far"});
  const auto app = world.app();
  const auto base = find_run_image(world.registry, {elsewhere, {}}, app.reference.repository, host);
  const auto rebased = rebase(world.registry, app, base);
  world.registry.put_manifest(World::at("app:main"), rebased.manifest);
  CHECK(rebased.uploaded > 3);
  CHECK(rebased.uploaded - rebase(world.registry, app, base).uploaded == 3);
}

TEST_CASE("no layer of the old base stays where its top layer occurs in it twice, or in the application") {
  const auto id = [](const std::string& layer) { return base::Sha256::of(layer).text(); };
  const auto kept = [&](const std::vector<std::string>& layers, const std::vector<std::string>& own) {
    World world;
    json::Value label = {{"app", json::Value::array()},
                         {"runImage", {{"topLayer", id("empty")}, {"reference", "r.example.com/run@sha256:0"}}}};
    for (const auto& layer : own) label["app"].push_back({{"sha", id(layer)}});
    json::Value diff_ids = json::Value::array();
    for (const auto& layer : layers) diff_ids.push_back(id(layer));
    world.registry.add_image(
        World::at("app:main"),
        {{"os", "linux"},
         {"architecture", "amd64"},
         {"config",
          {{"Labels",
            {{"io.buildpacks.base.distro.name", "debian"}, {"io.buildpacks.lifecycle.metadata", label.dump()}}}}},
         {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}},
        layers);
    const auto app = world.app();
    if (obstacle_to_rebase(app, world.base("run:2"))) return std::string("obstacle");
    std::string text;
    const auto image = compose_rebased(app, world.base("run:2"));
    for (std::size_t i = 1; i < image.layers.size(); ++i) {
      for (const auto& layer : layers) {
        if (image.layers[i].digest.text() != id(layer)) continue;
        text += layer + " ";
        break;
      }
    }
    return text;
  };
  CHECK(kept({"empty", "b", "empty", "code"}, {"code"}) == "code ");
  CHECK(kept({"a", "empty", "code", "empty"}, {"code", "empty"}) == "code empty ");
  CHECK(kept({"empty", "b", "empty", "code"}, {"other"}) == "obstacle");
  CHECK(kept({"a", "empty", "code"}, {"other"}) == "code ");  // once: the name alone tells
}

TEST_CASE("two layers of a base with one diffID and different digests are both brought, and both stay in the image") {
  World world;
  const auto app = world.app();
  auto base = world.base("run:2");
  // The same content, compressed by two tools.
  auto twin = base.image.manifest.layers.front();
  twin.digest = base::Sha256::of("compressed otherwise");
  base.image.manifest.layers.push_back(twin);
  base.image.config["rootfs"]["diff_ids"].push_back(base.image.config["rootfs"]["diff_ids"][0]);
  const auto missing = missing_layers(app, base);
  const auto count = std::count_if(missing.begin(), missing.end(), [&](const auto& layer) {
    return layer.digest == twin.digest || layer.digest == base.image.manifest.layers.front().digest;
  });
  CHECK(count == 2);
  const auto image = compose_rebased(app, base);
  CHECK(image.layers.at(base.image.manifest.layers.size() - 1).digest == twin.digest);
  CHECK(image.config["rootfs"]["diff_ids"].size() == image.layers.size());
}

TEST_CASE("a history that tells of more or fewer layers than there are drops none of them") {
  World world;
  const auto base = world.base("run:2");
  for (const auto count : {0, 1, 2, 7}) {
    auto app = world.app();
    app.image.config["history"] = json::Value::array();
    for (int i = 0; i < count; ++i) app.image.config["history"].push_back({{"created_by", "somebody"}});
    const auto image = compose_rebased(app, base);
    CHECK(image.layers.size() == 3);
    CHECK(image.config["history"].size() == 3);
    CHECK(image.config["rootfs"]["diff_ids"].size() == 3);
  }
}

TEST_CASE("layers of several compressions stay as they are, with OCI's names") {
  CHECK(as_oci_layer({"application/vnd.docker.image.rootfs.diff.tar.zstd", base::Sha256::of(""), 0, {}, {}, ""})
            .media_type == registry::media_type::oci_layer_zstd);
  CHECK(as_oci_layer({std::string(registry::media_type::docker_layer_gzip), base::Sha256::of(""), 0, {}, {}, ""})
            .media_type == registry::media_type::oci_layer_gzip);
  CHECK(as_oci_layer({std::string(registry::media_type::oci_layer_zstd), base::Sha256::of(""), 0, {}, {}, ""})
            .media_type == registry::media_type::oci_layer_zstd);
}

TEST_CASE("an image that nothing would start is refused before anything of it is sent") {
  World world;
  json::Value diff_ids = json::Value::array();
  std::vector<std::string> layers;
  for (int i = 0; i < 126; ++i) {
    layers.push_back("base " + std::to_string(i));
    diff_ids.push_back(base::Sha256::of(layers.back()).text());
  }
  world.registry.add_image(World::at("run:large"),
                           {{"os", "linux"},
                            {"architecture", "amd64"},
                            {"config", {{"Labels", {{"io.buildpacks.base.distro.name", "debian"}}}}},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}},
                           layers);
  const auto app = world.app();
  const auto base = world.base("run:large");
  const auto before = world.registry.operations().size();
  try {
    static_cast<void>(rebase(world.registry, app, base));
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()).find("128 layers") != std::string::npos);
  }
  CHECK(world.registry.operations().size() == before);
}

TEST_CASE("annotations stay, but for those that name the base") {
  World world;
  auto app = world.app();
  app.image.manifest.annotations = {{"org.opencontainers.image.base.name", "old"}, {"team", "blue"}};
  const auto base = world.base("run:2");
  CHECK(compose_rebased(app, base).annotations ==
        std::map<std::string, std::string>{{"org.opencontainers.image.base.name", base.name.image}, {"team", "blue"}});
}

TEST_CASE("a manifest that no registry takes is refused before anything of it is sent") {
  World world;
  auto app = world.app();
  app.image.manifest.annotations = {{"notes", std::string(5UL << 20U, 'x')}};
  const auto base = world.base("run:1");
  const auto before = world.registry.operations().size();
  CHECK_THROWS_AS(rebase(world.registry, app, base), base::Error);
  CHECK(world.registry.operations().size() == before);
}

TEST_CASE("an image below an index is known for one") {
  World world;
  const auto child = world.registry.find_manifest(World::at("app:main"));
  const json::Value index = {{"schemaVersion", 2},
                             {"mediaType", registry::media_type::oci_index},
                             {"manifests",
                              {{{"mediaType", child->media_type},
                                {"digest", child->digest.text()},
                                {"size", child->bytes.size()},
                                {"platform", {{"os", "linux"}, {"architecture", "amd64"}}}}}}};
  world.registry.put_manifest(World::at("app:main"),
                              registry::parse_raw(std::string(registry::media_type::oci_index), index.dump(), "test"));
  const auto app = world.app();
  CHECK(app.in_index);
  CHECK(app.reference.digest == child->digest);
}

TEST_CASE("hundreds of images are rebased side by side on a base that was read once") {
  World world;
  const auto base = world.base("run:2");
  const auto app = world.app();
  constexpr std::size_t count = 300;
  std::vector<std::string> digests(count);
  base::for_each_parallel(count, 16, [&](std::size_t i) {
    auto other = app;
    other.reference.repository.path = "app-" + std::to_string(i);
    for (const auto* layer : {"lib", "code"}) {
      world.registry.add_blob(other.reference.repository, layer, registry::media_type::oci_layer);
    }
    const auto rebased = rebase(world.registry, other, base, 1);
    world.registry.put_manifest(other.reference.with_tag("main"), rebased.manifest);
    digests[i] = rebased.manifest.digest.text();
  });
  CHECK(std::count(digests.begin(), digests.end(), digests.front()) == count);
}
