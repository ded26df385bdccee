#include "fleet/store.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "fleet/check.hpp"
#include "support/failure.hpp"
#include "support/in_memory_registry.hpp"
#include "unit/fleet/fleet_examples.hpp"

using namespace fleet;

namespace {

struct World {
  // The next put of the fleet.
  registry::Digest put(RecordTag tag = RecordTag::moved) {
    auto next = test::fleet_record();
    if (const auto standing = find_fleet(registry, record)) follow(next, standing->record, standing->digest.text());
    return write_fleet(registry, record, next, tag);
  }

  std::vector<concourse::Version> check_from(const std::optional<registry::Digest>& digest) {
    std::optional<Version> version;
    if (digest) version = Version{*digest, run_image};
    return check(record, version, registry);
  }

  [[nodiscard]] concourse::Version version(const registry::Digest& digest) const {
    return write_version(digest, run_image);
  }

  std::string run_image = test::fleet_record().run_image;
  registry::Reference record = registry::Reference::parse(test::fleet_record().record, "test");
  test::InMemoryRegistry registry;
};

}  // namespace

TEST_CASE("before the first put there is no record and no version") {
  World world;
  CHECK_FALSE(find_fleet(world.registry, world.record));
  CHECK(world.check_from(std::nullopt).empty());
  CHECK(world.check_from(base::Sha256::of("gone")).empty());
}

TEST_CASE("check tells the puts since a version, by one request") {
  World world;
  const auto first = world.put();
  const auto second = world.put();
  const auto third = world.put();
  const auto before = world.registry.operations().size();
  CHECK(world.check_from(std::nullopt) == std::vector{world.version(third)});
  CHECK(world.registry.operations().size() == before + 1);
  CHECK(world.check_from(third) == std::vector{world.version(third)});
  CHECK(world.check_from(first) == std::vector{world.version(first), world.version(second), world.version(third)});
  CHECK(world.check_from(base::Sha256::of("lost")) == std::vector{world.version(third)});
}

TEST_CASE("each record names the one before it") {
  World world;
  const auto first = world.put();
  const auto second = world.put();
  const auto stored = read_fleet(world.registry, world.record, second);
  CHECK(stored.record.number == 2);
  CHECK(stored.record.earlier.at(0).fleet == first.text());
  CHECK(read_fleet(world.registry, world.record, first).record.number == 1);
}

TEST_CASE("the record of a dry run is there by its digest alone") {
  World world;
  const auto first = world.put();
  const auto dry = world.put(RecordTag::left);
  CHECK(world.check_from(std::nullopt) == std::vector{world.version(first)});
  CHECK(read_fleet(world.registry, world.record, dry).record.number == 2);
}

TEST_CASE("what is not this fleet's record is refused") {
  World world;
  world.registry.add_image(world.record, {{"os", "linux"}}, {"layer"});
  CHECK(test::failure([&] {
          static_cast<void>(find_fleet(world.registry, world.record));
        }).find("it is an image, not the record of a fleet") != std::string::npos);
  CHECK(test::failure([&] { static_cast<void>(world.check_from(std::nullopt)); }).find("not the record of a fleet") !=
        std::string::npos);

  auto other = test::fleet_record();
  other.record = "r.example.com/acme/other:main";
  const auto digest = write_fleet(world.registry, world.record, other, RecordTag::moved);
  const std::string cause = "it is the record of the fleet r.example.com/acme/other:main";
  CHECK(test::failure([&] { static_cast<void>(find_fleet(world.registry, world.record)); }).find(cause) !=
        std::string::npos);
  CHECK(test::failure([&] { static_cast<void>(read_fleet(world.registry, world.record, digest)); }).find(cause) !=
        std::string::npos);
}

TEST_CASE("a record whose bytes were altered is refused") {
  World world;
  const auto digest = world.put();
  const auto raw = world.registry.find_manifest(world.record.with(digest));
  world.registry.corrupt_blob(world.record.repository, registry::parse_manifest(*raw, "").config.digest);
  CHECK_FALSE(test::failure([&] { static_cast<void>(read_fleet(world.registry, world.record, digest)); }).empty());
}

TEST_CASE("a version that the registry lost is said to be gone") {
  World world;
  const auto text =
      test::failure([&] { static_cast<void>(read_fleet(world.registry, world.record, base::Sha256::of("gone"))); });
  CHECK(text.find("the registry does not have it any more") != std::string::npos);
}

TEST_CASE("a repository that may not be written to is known before anything is moved") {
  World world;
  world.registry.before_each = [](const std::string& line) {
    if (line.starts_with("require_write_access")) {
      throw base::Error(base::ErrorKind::denied, {"push", "blob", "HTTP status 403 Forbidden", "check the password"});
    }
  };
  CHECK(
      test::failure([&] { require_writable(world.registry, world.record); }) ==
      "cannot write fleet's record r.example.com/acme/fleet:main: HTTP status 403 Forbidden: nothing was moved; check "
      "the password");
}
