#include "image/check.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/in_memory_registry.hpp"

namespace {

struct World {
  test::InMemoryRegistry registry;
  registry::Repository repository{"r.example", "app"};
  registry::Digest add(const std::string& content) {
    return registry.add_image({repository, "main", std::nullopt}, {{"content", content}}, {}).digest;
  }
  std::vector<concourse::Version> check(const std::optional<image::Version>& version = std::nullopt) {
    return image::check_tag(repository, "main", version, registry);
  }
};

concourse::Version version(const registry::Digest& digest) { return {{"tag", "main"}, {"digest", digest.text()}}; }

}  // namespace

TEST_CASE("a tag that is not there has no versions") {
  World world;
  CHECK(world.check().empty());
  CHECK(world.check(image::Version{"main", base::Sha256::of("x")}).empty());
}

TEST_CASE("a moved tag gives the old digest while the registry has it") {
  World world;
  const auto first = world.add("1");
  const auto second = world.add("2");
  CHECK(world.check() == std::vector{version(second)});
  CHECK(world.check(image::Version{"main", first}) == std::vector{version(first), version(second)});
  CHECK(world.check(image::Version{"main", second}) == std::vector{version(second)});
  world.registry.delete_manifest(world.repository, first);
  CHECK(world.check(image::Version{"main", first}) == std::vector{version(second)});
}

TEST_CASE("a version of another tag is not mixed with this one's") {
  World world;
  const auto first = world.add("1");
  const auto second = world.add("2");
  CHECK(world.check(image::Version{"other", first}) == std::vector{version(second)});
}
