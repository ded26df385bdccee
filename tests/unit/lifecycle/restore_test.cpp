#include "lifecycle/restore.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <sstream>
#include <unistd.h>

#include "base/file.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "support/tar_builder.hpp"

using namespace lifecycle;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

const registry::Reference image_reference = registry::Reference::parse("r.example.com/app:main", "test");
const registry::Reference cache_reference = registry::Reference::parse("r.example.com/app:cache-main", "test");
const buildpacks::Group group = {{"acme/web", "1.0", "0.10", "", false}};

// What an image and a cache say of the layers of one buildpack; each layer may be in either, with its contents or not.
class World {
 public:
  World() {
    platform.layers = directory.path() / "layers";
    platform.identity = {getuid(), getgid()};
    fs::create_directories(platform.layers);
    previous.emplace(PreviousImage{
        image_reference,
        {{"", "", base::Sha256::of(""), {}}, {"", {"", base::Sha256::of(""), 0, {}, {}, ""}, {}, {}, {}, ""}, {}},
        {},
        {}});
    previous->metadata.buildpacks = {{"acme/web", "1.0", {}, {}}};
    cache.emplace(CacheImage{cache_reference, {"", {{"acme/web", "1.0", {}, {}}}}, {}});
  }

  // The diffID of the layer's contents, whose blob the registry has.
  std::string add_contents(const std::string& layer, const std::string& text, KnownLayers& known) {
    auto path = (platform.layers / "acme_web" / layer).string();
    test::TarBuilder tar;
    for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      tar.directory(path.substr(0, slash));
    }
    tar.directory(path).file(path + "/file", text);
    const auto diff_id = base::Sha256::of(tar.bytes()).text();
    known.emplace(diff_id, registry.add_blob(image_reference.repository, test::gzipped(tar.bytes()),
                                             registry::media_type::oci_layer_gzip));
    return diff_id;
  }

  void in_image(const std::string& layer, const LayerRecord& record) {
    previous->metadata.buildpacks[0].layers[layer] = record;
  }
  void in_cache(const std::string& layer, const LayerRecord& record) {
    cache->metadata.buildpacks[0].layers[layer] = record;
  }

  Restored run() { return restore(registry, platform, group, previous, cache, log); }
  [[nodiscard]] bool has(const std::string& path) const { return fs::exists(platform.layers / "acme_web" / path); }
  [[nodiscard]] std::string read(const std::string& path) const {
    return base::read_file(platform.layers / "acme_web" / path);
  }

  base::TemporaryDirectory directory{"restore-test"};
  Platform platform;
  test::InMemoryRegistry registry;
  std::optional<PreviousImage> previous;
  std::optional<CacheImage> cache;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

constexpr bool yes = true;
constexpr bool no = false;

}  // namespace

TEST_CASE("a launch layer is described, and its contents stay in the image") {
  World world;
  const auto diff_id = world.add_contents("site", "x", world.previous->layers);
  world.in_image("site", {diff_id, buildpacks::Toml().add("v", "1"), no, yes, no});
  const auto restored = world.run();
  CHECK(restored.described == 1);
  CHECK(restored.layers == 0);
  CHECK(world.read("site.toml") == "[metadata]\n  v = \"1\"\n");
  CHECK_FALSE(world.has("site"));
}

TEST_CASE("a launch layer whose blob the registry lost is not described: the buildpack makes it again") {
  World world;
  world.in_image("site", {base::Sha256::of("lost").text(), std::nullopt, no, yes, no});
  CHECK(world.run().described == 0);
  CHECK_FALSE(world.has("site.toml"));
}

TEST_CASE("a layer that the build itself needs is described only when the cache brings its contents") {
  World world;
  const auto diff_id = world.add_contents("both", "x", world.previous->layers);
  world.in_image("both", {diff_id, std::nullopt, yes, yes, no});
  CHECK(world.run().described == 0);
  world.add_contents("both", "x", world.cache->layers);
  world.in_image("both", {diff_id, std::nullopt, yes, yes, yes});
  world.in_cache("both", {diff_id, std::nullopt, yes, yes, yes});
  const auto restored = world.run();
  CHECK(restored.described == 1);
  CHECK(restored.layers == 1);
  CHECK(world.read("both/file") == "x");
}

TEST_CASE("a cache of another build than the image brings no layer that the image has") {
  World world;
  const auto old_content = world.add_contents("deps", "old", world.cache->layers);
  const auto now = world.add_contents("deps", "now", world.previous->layers);
  world.in_image("deps", {now, std::nullopt, no, yes, yes});
  world.in_cache("deps", {old_content, std::nullopt, no, yes, yes});
  CHECK(world.run().layers == 0);
  CHECK_FALSE(world.has("deps"));
  CHECK_FALSE(world.has("deps.toml"));
}

TEST_CASE("a cached layer that is broken is left out with its description, and the log says so") {
  World world;
  const auto diff_id = world.add_contents("deps", "x", world.cache->layers);
  world.in_cache("deps", {diff_id, std::nullopt, no, no, yes});
  world.registry.corrupt_blob(image_reference.repository, world.cache->layers.at(diff_id).digest);
  CHECK(world.run().layers == 0);
  CHECK_FALSE(world.has("deps"));
  CHECK_FALSE(world.has("deps.toml"));
  CHECK_THAT(world.output.str(), ContainsSubstring("acme/web:deps is not restored"));
}

TEST_CASE("what other buildpacks than the group's left is not brought back") {
  World world;
  const auto diff_id = world.add_contents("deps", "x", world.cache->layers);
  world.cache->metadata.buildpacks = {{"acme/other", "1.0", {{"deps", {diff_id, std::nullopt, no, no, yes}}}, {}}};
  CHECK(world.run().layers == 0);
  CHECK(fs::is_empty(world.platform.layers));
}

TEST_CASE("a buildpack finds its store again") {
  World world;
  world.previous->metadata.buildpacks[0].store = buildpacks::Toml().add("count", 1.0);
  static_cast<void>(world.run());
  CHECK(world.read("store.toml") == "[metadata]\n  count = 1.0\n");
}

TEST_CASE("without an image and a cache there is nothing to restore") {
  World world;
  world.previous.reset();
  world.cache.reset();
  CHECK(world.run().described == 0);
  CHECK(fs::is_empty(world.platform.layers));
}
