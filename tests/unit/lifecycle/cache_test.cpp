#include "lifecycle/cache.hpp"

#include <catch2/catch_test_macros.hpp>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "lifecycle/restore.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace lifecycle;

namespace {

namespace fs = std::filesystem;

const registry::Reference cache_reference = registry::Reference::parse("r.example.com/app:cache-main", "test");
const buildpacks::Group group = {{"acme/web", "1.0", "0.10", "", false}};

// One buildpack with one cached layer, and a registry for the cache.
class World {
 public:
  World() {
    platform.layers = directory.path() / "layers";
    platform.identity = {getuid(), getgid()};
    write("acme_web/deps.toml", "[types]\ncache = true\n[metadata]\nv = 1\n");
    write("acme_web/deps/lib/one", "content");
    fs::create_symlink("one", platform.layers / "acme_web/deps/lib/two");
  }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((platform.layers / path).parent_path());
    base::write_file(platform.layers / path, text);
  }

  SavedCache save() {
    ExportOptions options;
    options.repository = cache_reference.repository;
    options.created = "1980-01-01T00:00:01Z";
    const Exported app{{"", "", base::Sha256::of(""), {}}, 0, 0, 0, 0, {}, {}};
    return save_cache(registry, platform, group, cache_reference, find(), app, options, log);
  }

  std::optional<CacheImage> find() { return find_cache(registry, cache_reference, registry::host_platform(), log); }

  Restored restore_anew() {
    fs::remove_all(platform.layers);
    fs::create_directories(platform.layers);
    return restore(registry, platform, group, std::nullopt, find(), log);
  }

  [[nodiscard]] fs::path layer(const std::string& path) const { return platform.layers / "acme_web" / path; }

  base::TemporaryDirectory directory{"cache-test"};
  test::InMemoryRegistry registry;
  Platform platform;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

}  // namespace

TEST_CASE("a cached layer comes back with its contents and its metadata, but without its types") {
  World world;
  CHECK(world.save().pushed);
  const auto restored = world.restore_anew();
  CHECK(restored.layers == 1);
  CHECK(restored.described == 1);
  CHECK(base::read_file(world.layer("deps/lib/two")) == "content");
  CHECK(fs::is_symlink(world.layer("deps/lib/two")));
  CHECK(base::read_file(world.layer("deps.toml")) == "[metadata]\n  v = 1.0\n");
  CHECK(std::distance(fs::directory_iterator(world.platform.layers), {}) == 1);
}

TEST_CASE("set-user-ID, set-group-ID and sticky bits survive the cache, on files and directories") {
  World world;
  const auto mode = [&](const std::string& path) {
    struct stat status {};
    REQUIRE(stat(world.layer(path).c_str(), &status) == 0);
    return status.st_mode & 07777U;
  };
  const std::map<std::string, mode_t> modes = {
      {"deps/lib/one", 06755}, {"deps/shared", 03775}, {"deps/shared/file", 01644}, {"deps/lib", 02750}};
  world.write("acme_web/deps/shared/file", "x");
  for (const auto& [path, wanted] : modes) REQUIRE(chmod(world.layer(path).c_str(), wanted) == 0);
  static_cast<void>(world.save());
  CHECK(world.restore_anew().layers == 1);
  for (const auto& [path, wanted] : modes) CHECK(mode(path) == wanted);
}

TEST_CASE("a cache that did not change is not pushed again") {
  World world;
  CHECK(world.save().pushed);
  const auto again = world.save();
  CHECK_FALSE(again.pushed);
  CHECK(again.reused == 1);
  CHECK(again.uploaded == 0);
  world.write("acme_web/deps/lib/one", "other content");
  CHECK(world.save().pushed);
}

TEST_CASE("a build that caches nothing any more leaves no old layer in the cache") {
  World world;
  CHECK(world.save().pushed);
  fs::remove_all(world.layer("deps"));
  fs::remove(world.layer("deps.toml"));
  CHECK(world.save().pushed);
  REQUIRE(world.find());
  CHECK(world.find()->layers.empty());
  CHECK_FALSE(world.save().pushed);
}

TEST_CASE("a layer with altered bytes is left out, and the log says so") {
  World world;
  static_cast<void>(world.save());
  const auto cache = world.find();
  REQUIRE(cache);
  world.registry.corrupt_blob(cache_reference.repository, cache->layers.begin()->second.digest);
  const auto restored = world.restore_anew();
  CHECK(restored.layers == 0);
  CHECK_FALSE(fs::exists(world.layer("deps")));
  CHECK_FALSE(fs::exists(world.layer("deps.toml")));
  CHECK(world.output.str().find("warning: acme/web:deps is not restored") != std::string::npos);
}

TEST_CASE("an image that is not a cache is left aside") {
  World world;
  world.registry.add_image(cache_reference,
                           {{"os", "linux"},
                            {"architecture", registry::host_platform().architecture},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("x").text()}}}}},
                           {"x"});
  CHECK_FALSE(world.find());
  CHECK(world.output.str().find("it is not a cache of buildpacks") != std::string::npos);
}
