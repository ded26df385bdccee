#include "builds/publication.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/build_world.hpp"

using namespace builds;
using test::BuildWorld;

namespace {

// The operations that a publication makes, without the repository's name.
std::vector<std::string> operations_since(BuildWorld& world, std::size_t before) {
  std::vector<std::string> result;
  const auto all = world.registry.operations();
  for (std::size_t i = before; i < all.size(); ++i) {
    const auto repository = world.reference.repository.text() + " ";
    auto line = all[i];
    line.erase(line.find(repository), repository.size());
    result.push_back(line);
  }
  return result;
}

Publication publication_of(BuildWorld& world, registry::RawManifest image) {
  return {world.reference.repository, std::move(image), {"main", "1.2"}, {}, std::nullopt, {}, {}, {}};
}

std::optional<registry::Digest> named(BuildWorld& world, const std::string& tag) {
  const auto found = world.registry.resolve(world.reference.with_tag(tag));
  return found ? std::optional(found->digest) : std::nullopt;
}

}  // namespace

TEST_CASE("the record goes first, and the tags last") {
  BuildWorld world;
  const auto image = world.add_image("one");
  auto publication = publication_of(world, image);
  publication.record = [&](const auto&) { world.registry.put_manifest(world.reference.with_tag("record"), image); };
  const auto before = world.registry.operations().size();
  CHECK(publish(world.registry, publication).tagged);
  CHECK(operations_since(world, before) ==
        std::vector<std::string>{"resolve main", "put_manifest record", "put_manifest main", "put_manifest 1.2"});
}

TEST_CASE("a tag that was seen just now is not looked at again, but where it must not be overwritten") {
  BuildWorld world;
  const auto image = world.add_image("one");
  const auto other = world.add_image("two");
  world.registry.put_manifest(world.reference, other);
  auto publication = publication_of(world, image);
  publication.seen = image.digest;
  publication.when_seen = Publication::Seen::just_now;
  publication.looked = [&](const auto& now) { CHECK(now == image.digest); };
  const auto before = world.registry.operations().size();
  CHECK(publish(world.registry, publication).tagged);
  CHECK(operations_since(world, before).front() == "put_manifest main");
  world.registry.put_manifest(world.reference, other);
  publication.looked = nullptr;
  publication.when_moved = Publication::Moved::left_alone;
  CHECK_FALSE(publish(world.registry, publication).tagged);
}

TEST_CASE("without a record the manifest is sent once for each tag") {
  BuildWorld world;
  const auto image = world.add_image("one");
  const auto before = world.registry.operations().size();
  CHECK(publish(world.registry, publication_of(world, image)).tagged);
  CHECK(operations_since(world, before) ==
        std::vector<std::string>{"resolve main", "put_manifest main", "put_manifest 1.2"});
}

TEST_CASE("a tag that was moved meanwhile is left alone where that is wanted, and nothing is written") {
  BuildWorld world;
  const auto seen = world.add_image("seen");
  const auto other = world.add_image("other");
  const auto image = world.add_image("one");
  world.registry.put_manifest(world.reference, other);
  auto publication = publication_of(world, image);
  publication.when_moved = Publication::Moved::left_alone;
  publication.seen = seen.digest;
  const auto published = publish(world.registry, publication);
  CHECK_FALSE(published.tagged);
  REQUIRE(published.standing);
  CHECK(*published.standing == other.digest);
  CHECK(named(world, "main") == other.digest);
  CHECK_FALSE(named(world, "1.2"));
  publication.seen = other.digest;
  CHECK(publish(world.registry, publication).tagged);
  CHECK(named(world, "main") == image.digest);
}

TEST_CASE("a tag that moves while the record is written is left alone, too") {
  BuildWorld world;
  const auto seen = world.add_image("seen");
  const auto other = world.add_image("other");
  const auto image = world.add_image("one");
  world.registry.put_manifest(world.reference, seen);
  auto publication = publication_of(world, image);
  publication.when_moved = Publication::Moved::left_alone;
  publication.seen = seen.digest;
  publication.record = [&](const auto&) { world.registry.put_manifest(world.reference, other); };
  CHECK_FALSE(publish(world.registry, publication).tagged);
  CHECK(named(world, "main") == other.digest);
}

TEST_CASE("a tag that nobody had made yet and that is there now was moved") {
  BuildWorld world;
  const auto image = world.add_image("one");
  auto publication = publication_of(world, image);
  publication.when_moved = Publication::Moved::left_alone;
  world.registry.put_manifest(world.reference, world.add_image("other"));
  CHECK_FALSE(publish(world.registry, publication).tagged);
}

TEST_CASE("what a tag names is told before anything is written") {
  BuildWorld world;
  const auto image = world.add_image("one");
  const auto standing = world.add_image("two");
  world.registry.put_manifest(world.reference, standing);
  auto publication = publication_of(world, image);
  std::vector<std::string> told;
  const auto before = world.registry.operations().size();
  publication.looked = [&](const auto& now) {
    told.push_back(now->text());
    CHECK(operations_since(world, before).size() == 1);
  };
  publication.record = [&](const auto& now) { told.push_back(now->text()); };
  static_cast<void>(publish(world.registry, publication));
  CHECK(told == std::vector{standing.digest.text(), standing.digest.text()});
}

TEST_CASE("an immutable tag that names the image already is done, and another refusal is not taken for that") {
  BuildWorld world;
  const auto image = world.add_image("one");
  const auto other = world.add_image("two");
  const auto publication = publication_of(world, image);
  CHECK(publish(world.registry, publication).tagged);
  int status = 412;
  std::string code;
  world.registry.before_each = [&](const std::string& line) {
    if (!line.starts_with("put_manifest") || !line.ends_with(" 1.2")) return;
    throw base::Error(base::ErrorKind::protocol, {"push", "it", "it is refused", ""}).answered(status, code);
  };
  CHECK(publish(world.registry, publication).tagged);
  status = 400;
  code = "TAG_INVALID";
  CHECK(publish(world.registry, publication).tagged);
  CHECK_THROWS_AS(publish(world.registry, publication_of(world, other)), base::Error);
  code = "MANIFEST_BLOB_UNKNOWN";
  CHECK_THROWS_AS(publish(world.registry, publication), base::Error);
}
