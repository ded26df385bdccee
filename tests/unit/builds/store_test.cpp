#include "builds/store.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "http/message.hpp"
#include "support/build_world.hpp"

using namespace builds;
using test::BuildWorld;

namespace {

// A record that stands in its configuration alone, as any tool may write it.
registry::Manifest add_plain_record(BuildWorld& world, const registry::RawManifest& image, std::uint64_t number) {
  BuildRecord record;
  record.number = number;
  const auto& repository = world.reference.repository;
  registry::Manifest manifest{std::string(registry::media_type::oci_manifest),
                              world.registry.add_blob(repository, json::dump(to_json(record)), record_type),
                              {world.registry.add_blob(repository, "a log\n", "text/plain")},
                              {},
                              registry::Descriptor{image.media_type, image.digest, image.bytes.size(), {}, {}, ""},
                              std::string(record_type)};
  const auto raw = registry::serialize(manifest);
  world.registry.put_manifest({repository, std::nullopt, raw.digest}, raw);
  return manifest;
}

}  // namespace

TEST_CASE("a short log stands beside the record, a long one in a blob; both are read again") {
  BuildWorld world;
  const auto image = world.add_image("one");
  world.registry.require_write_access(world.reference.repository);
  const auto& repository = world.reference.repository;
  for (const auto& log : {std::string("REBASING\n"), std::string(100'000, 'x') + "\n"}) {
    BuildRecord record;
    record.number = log.size();
    const auto before = world.registry.operations().size();
    static_cast<void>(write_record(world.registry, repository, image, record, log));
    CHECK(world.registry.operations().size() == before + (log.size() < 100 ? 1 : 3));
    const auto listed = world.find(image.digest);
    CHECK(world.registry.operations().size() == before + (log.size() < 100 ? 2 : 4));
    REQUIRE(listed);
    CHECK(listed->record.number == log.size());
    CHECK(read_log(world.registry, repository, *listed) == log);
    CHECK(read_log(world.registry, repository, read_record(world.registry, repository, listed->digest)) == log);
  }
}

TEST_CASE("a registry that wants the subject before its record gets it, and the empty object where it lost that") {
  BuildWorld world;
  const auto image = world.add_image("one");
  const auto& repository = world.reference.repository;
  static_cast<void>(write_record(world.registry, repository, image, {}, "log\n"));
  std::size_t refused = 0;
  world.registry.before_each = [&](const std::string& line) {
    if (line.starts_with("put_manifest") && refused++ == 0) {
      throw base::Error(base::ErrorKind::not_found, {"push", "it", "404 MANIFEST_UNKNOWN", ""});
    }
  };
  const auto written = write_record(world.registry, repository, image, {}, "another log\n");
  const auto all = world.registry.operations();
  REQUIRE(all.size() > 4);
  CHECK(all[all.size() - 3] == "put_manifest " + repository.text() + " " + image.digest.text());
  CHECK(all.back() == "put_manifest " + repository.text() + " " + written.digest.text());
}

TEST_CASE("a record is found by its image, with its log, and each build counts on from the one before") {
  BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto second = world.build("two", first.digest);
  const auto found = world.find(second.digest);
  REQUIRE(found);
  CHECK(found->record.number == 2);
  CHECK(read_log(world.registry, world.reference.repository, *found) == "log of two\n");
  REQUIRE(found->record.earlier.size() == 1);
  CHECK(found->record.earlier[0].image == first.digest.text());
  CHECK(found->record.earlier[0].reasons == "CONFIG");
}

TEST_CASE("of two builds that gave the same image the newer counts") {
  BuildWorld world;
  const auto first = world.build("one", std::nullopt);
  const auto again = world.build("one", first.digest);
  REQUIRE(again.digest == first.digest);
  CHECK(world.find(first.digest)->record.number == 2);
}

TEST_CASE("an image without a record has none; of one whose record is damaged, or refused, it is not known") {
  BuildWorld world;
  const auto look = [&](const registry::Digest& image) {
    return look_for_record(world.registry, world.reference.repository, image);
  };
  const auto bare = world.add_image("bare");
  CHECK_FALSE(world.find(bare.digest));
  CHECK_FALSE(look(bare.digest).record);
  CHECK(look(bare.digest).unknown.empty());
  const auto built = world.add_image("one");
  const auto record = add_plain_record(world, built, 1);
  CHECK(world.find(built.digest)->record.number == 1);
  world.registry.corrupt_blob(world.reference.repository, record.config.digest);
  CHECK_THROWS_AS(world.find(built.digest), base::Error);
  CHECK_FALSE(look(built.digest).record);
  CHECK_FALSE(look(built.digest).unknown.empty());
  world.registry.before_each = [](const std::string& line) {
    if (line.starts_with("referrers")) throw base::Error(base::ErrorKind::denied, {"list", "it", "403 FORBIDDEN", ""});
  };
  CHECK(look(bare.digest).unknown == "cannot list it: 403 FORBIDDEN");
  CHECK_THROWS_AS(world.find(bare.digest), base::Error);
}

TEST_CASE("a history is bounded") {
  StoredRecord previous{{}, base::Sha256::of("r7")};
  previous.record.number = 7;
  previous.record.image = "r.example.com/app@" + base::Sha256::of("image").text();
  previous.record.earlier.assign(99, {6, "", "", "CONFIG", ""});
  BuildRecord next;
  follow(next, previous);
  CHECK(next.number == 8);
  CHECK(next.earlier.size() == 99);
  CHECK(next.earlier.front().number == 7);
  CHECK(next.earlier.front().image == base::Sha256::of("image").text());
}

TEST_CASE("a record without a log stands in its manifest: who lists what refers to an image has read it") {
  BuildWorld world;
  const auto image = world.add_image("one");
  BuildRecord record;
  record.number = 3;
  record.changes = {{Reason::stack, "old", "new <&> \"quoted\""}};
  const auto written = write_record(world.registry, world.reference.repository, image, record, std::nullopt);
  const auto before = world.registry.operations().size();
  const auto found = world.find(image.digest);
  CHECK(world.registry.operations().size() == before + 1);
  REQUIRE(found);
  CHECK(found->record.number == 3);
  CHECK(found->record.changes == record.changes);
  CHECK(found->digest == written.digest);
  CHECK_FALSE(found->log);
  CHECK_FALSE(read_log(world.registry, world.reference.repository, *found));
  CHECK(read_record(world.registry, world.reference.repository, written.digest).record.number == 3);
}

TEST_CASE("an annotation that is not a record does not lose the record that there is") {
  BuildWorld world;
  const auto image = world.build("one", std::nullopt);
  auto forged = registry::parse_manifest(record_manifest(image, {}), "test");
  forged.annotations["io.build-service.build.record"] = "{}";
  forged.annotations["io.build-service.build.number"] = "0";
  static_cast<void>(world.registry.put_blob(world.reference.repository, empty_blob(), http::text_body("{}")));
  const auto raw = registry::serialize(forged);
  world.registry.put_manifest({world.reference.repository, std::nullopt, raw.digest}, raw);
  CHECK(world.find(image.digest)->record.number == 1);
}

TEST_CASE("thousands of forged records cost one look, and one read at most") {
  BuildWorld world;
  const auto image = world.build("one", std::nullopt);
  for (int i = 0; i < 2000; ++i) {
    auto forged = registry::parse_manifest(record_manifest(image, {}), "test");
    forged.annotations = {{"io.build-service.build.number", "0"}, {"number", std::to_string(i)}};
    const auto raw = registry::serialize(forged);
    world.registry.require_write_access(world.reference.repository);
    world.registry.put_manifest({world.reference.repository, std::nullopt, raw.digest}, raw);
  }
  const auto before = world.registry.operations().size();
  CHECK(world.find(image.digest)->record.number == 1);
  CHECK(world.registry.operations().size() <= before + 2);
}

TEST_CASE("a registry that takes no artifacts is warned of, and does not fail the step") {
  BuildWorld world;
  const auto image = world.add_image("one");
  world.registry.before_each = [](const std::string& line) {
    if (line.starts_with("put_manifest")) throw base::Error(base::ErrorKind::protocol, {"push", "it", "refused", ""});
  };
  try_to_write_record(world.registry, world.reference.repository, image, {}, "log", world.log);
  CHECK(world.output.str().find("the build record is not saved") != std::string::npos);
  world.registry.before_each = nullptr;
  try_to_write_record(world.registry, world.reference.repository, image, {}, "log", world.log);
  CHECK(world.output.str().find("recorded as image build #1") != std::string::npos);
}

TEST_CASE("a record with more to tell than an annotation should hold stands in a blob, however short its log") {
  BuildWorld world;
  const auto image = world.add_image("one");
  BuildRecord record;
  record.files = std::string(100'000, 'f');
  const auto written = write_record(world.registry, world.reference.repository, image, record, "log\n");
  CHECK(written.bytes.size() < 10'000);
  const auto found = world.find(image.digest);
  REQUIRE(found);
  CHECK(found->record.files == record.files);
  CHECK(read_log(world.registry, world.reference.repository, *found) == "log\n");
}
