#include "image/check.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/build_world.hpp"
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

TEST_CASE("the history of a tag is what its records tell and the registry still has, oldest first, each digest once") {
  test::BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const auto third = world.build("three", second.digest);
  const auto again = world.build("two", third.digest);
  const auto last = world.build("five", again.digest);
  const auto& repository = world.reference.repository;
  const auto history = [&](std::uint32_t count) {
    return image::earlier_digests(world.registry, repository, last.digest, count, world.log);
  };
  CHECK(history(1).empty());
  CHECK(history(3) == std::vector{third.digest, second.digest});
  CHECK(history(100) == std::vector{first.digest, third.digest, second.digest});
  world.registry.delete_manifest(repository, third.digest);
  CHECK(history(100) == std::vector{first.digest, second.digest});
}

TEST_CASE("an image without a record has no history") {
  test::BuildWorld world;
  const auto image = world.add_image("one");
  CHECK(image::earlier_digests(world.registry, world.reference.repository, image.digest, 100, world.log).empty());
}
