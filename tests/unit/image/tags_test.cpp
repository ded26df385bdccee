#include "image/tags.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/in_memory_registry.hpp"

using image::SemanticTags;

namespace {

struct World {
  test::InMemoryRegistry registry;
  registry::Repository repository{"r.example", "app"};

  std::string add(const std::string& tag, const std::string& content, const std::string& created = "") {
    return registry
        .add_image({repository, tag, std::nullopt},
                   {{"architecture", "amd64"}, {"os", "linux"}, {"created", created}, {"content", content}}, {})
        .digest.text();
  }
  std::vector<std::string> semantic(const SemanticTags& rules = {},
                                    const std::optional<image::Version>& version = std::nullopt) {
    return tags_of(image::check_semantic(repository, rules, version, registry));
  }
  static std::vector<std::string> tags_of(const std::vector<concourse::Version>& versions) {
    std::vector<std::string> result;
    for (const auto& version : versions) result.push_back(version.at("tag"));
    return result;
  }
};

using Tags = std::vector<std::string>;

}  // namespace

TEST_CASE("versions come in their order, and each digest once under its best name") {
  World world;
  for (const auto* tag : {"1.10.0", "1.2.0", "2.0.0", "nightly", "2.1.0-rc.1", "1.2.0-alpine"}) world.add(tag, tag);
  world.add("2", "2.0.0");
  world.add("2.0", "2.0.0");
  world.add("latest", "2.0.0");
  CHECK(world.semantic() == Tags{"1.2.0", "1.10.0", "2.0.0"});
}

TEST_CASE("latest is a version of its own where no version has its digest") {
  World world;
  world.add("1.0.0", "a");
  world.add("latest", "b");
  CHECK(world.semantic() == Tags{"1.0.0", "latest"});
  CHECK(world.semantic({.constraint = image::SemanticConstraint::parse("^1", "f")}) == Tags{"1.0.0"});
}

TEST_CASE("pre-releases are followed when asked for, variants among them are not") {
  World world;
  for (const auto* tag :
       {"1.0.0", "1.1.0-rc.1", "1.1.0-beta.1", "1.1.0-nightly.1", "1.1.0-rc.1-alpine", "1.2.0-rc1", "1.2.0-rc.01"}) {
    world.add(tag, tag);
  }
  SemanticTags rules{.pre_releases = SemanticTags::PreReleases::followed};
  CHECK(world.semantic(rules) == Tags{"1.0.0", "1.1.0-beta.1", "1.1.0-rc.1", "1.2.0-rc1"});
  // Prefixes add to the usual ones, and whoever names some has further dashes.
  rules.more_prefixes = {"nightly"};
  CHECK(world.semantic(rules) ==
        Tags{"1.0.0", "1.1.0-beta.1", "1.1.0-nightly.1", "1.1.0-rc.1", "1.1.0-rc.1-alpine", "1.2.0-rc1"});
}

TEST_CASE("a variant is followed by itself") {
  World world;
  for (const auto* tag : {"1.0.0", "1.0.0-alpine", "2.0.0-alpine", "alpine", "latest"}) world.add(tag, tag);
  CHECK(world.semantic({.variant = "alpine"}) == Tags{"1.0.0-alpine", "2.0.0-alpine", "alpine"});
}

TEST_CASE("nothing older than the given version is asked for while it stands") {
  World world;
  const auto first = world.add("1.0.0", "a");
  const auto second = world.add("2.0.0", "b");
  world.add("3.0.0", "c");
  const auto before = world.registry.operations().size();
  CHECK(world.semantic({}, image::Version{"2.0.0", *registry::Digest::parse(second)}) == Tags{"2.0.0", "3.0.0"});
  for (const auto& operation : world.registry.operations()) CHECK(operation.find("1.0.0") == std::string::npos);
  CHECK(world.registry.operations().size() > before);
  // Moved: everything counts again.
  CHECK(world.semantic({}, image::Version{"2.0.0", *registry::Digest::parse(first)}) ==
        Tags{"1.0.0", "2.0.0", "3.0.0"});
}

TEST_CASE("a pattern finds tags in their order or by the creation of their images") {
  World world;
  world.add("build-1", "a", "2026-01-03T00:00:00Z");
  world.add("build-2", "b", "2026-01-01T00:00:00Z");
  world.add("build-3", "c", "2026-01-01T00:00:00.5Z");
  world.add("other", "d");
  const registry::Platform platform{"linux", "amd64", ""};
  image::PatternTags rules{"^build-[0-9]+$"};
  CHECK(World::tags_of(image::check_pattern(world.repository, rules, platform, world.registry)) ==
        Tags{"build-1", "build-2", "build-3"});
  rules.order = image::PatternTags::Order::created;
  CHECK(World::tags_of(image::check_pattern(world.repository, rules, platform, world.registry)) ==
        Tags{"build-2", "build-3", "build-1"});
}

TEST_CASE("what is not a pattern is an error") {
  CHECK_THROWS_AS(image::require_pattern("(", "source.tag_regex"), base::Error);
  CHECK_NOTHROW(image::require_pattern("^v[0-9]+$", "source.tag_regex"));
}

TEST_CASE("latest that moves between the list and the question is not the newest version") {
  World world;
  world.add("1.0.0", "a");
  world.add("latest", "a");
  bool moved = false;
  world.registry.before_each = [&](const std::string& operation) {
    if (moved || operation.find("resolve r.example/app latest") == std::string::npos) return;
    moved = true;
    world.add("1.1.0", "b");
    world.add("latest", "b");
  };
  CHECK(world.semantic() == Tags{"1.0.0", "1.1.0"});
}

TEST_CASE("creation is compared as instants, and what is not an image comes first, in the registry's order") {
  World world;
  world.add("a", "a", "2026-01-01T10:00:00+09:00");
  world.add("b", "b", "2026-01-01T02:00:00Z");
  world.add("c", "c", "2026-01-01T00:30:00.25Z");
  world.add("d", "d", "2026-01-01T00:30:00Z");
  world.add("e", "e", "never");
  image::PatternTags rules{".", image::PatternTags::Order::created};
  CHECK(World::tags_of(image::check_pattern(world.repository, rules, {"linux", "amd64", ""}, world.registry)) ==
        Tags{"e", "d", "c", "a", "b"});
}
