#include "image/check.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "image/in.hpp"
#include "support/build_world.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "support/tar_builder.hpp"

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
namespace {

struct MirrorWorld {
  MirrorWorld() {
    source.repository = {"docker.io", "library/app"};
    source.written_repository = "app";
    source.mirror = registry::Repository{"mirror.example", "library/app"};
    source.tag = "main";
    source.platform = {"linux", "amd64", ""};
  }
  registry::Digest add(const registry::Repository& repository, const std::string& content) {
    const json::Value config = {{"content", content}, {"config", {{"Labels", {{"com.example.of", content}}}}}};
    return registry.add_image({repository, "main", std::nullopt}, config, {}).digest;
  }
  void break_mirror() {
    registry.before_each = [](const std::string& line) {
      if (line.find("mirror.example") == std::string::npos) return;
      throw base::Error(base::ErrorKind::transient, {"read", "mirror.example", "it does not answer", ""});
    };
  }
  std::vector<concourse::Version> check() { return image::check(source, std::nullopt, registry, log); }
  concourse::VersionAndMetadata get(const registry::Digest& digest) {
    return image::fetch(source, {"main", digest}, {.skip_download = true}, directory.path(), registry, log);
  }

  test::InMemoryRegistry registry;
  image::Source source;
  base::TemporaryDirectory directory{"mirror"};
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
};

}  // namespace

TEST_CASE("a mirror that has the image is the only one that is asked") {
  MirrorWorld world;
  const auto digest = world.add(*world.source.mirror, "mirrored");
  CHECK(world.check() == std::vector{version(digest)});
  CHECK(world.get(digest).version == version(digest));
  CHECK(base::read_file(world.directory.path() / "repository") == "app");
  for (const auto& line : world.registry.operations()) CHECK(line.find("docker.io") == std::string::npos);
  CHECK(world.text.str().find("warning") == std::string::npos);
}

TEST_CASE("what a mirror does not have or does not answer comes from the repository, with a warning") {
  MirrorWorld world;
  const auto digest = world.add(world.source.repository, "own");
  CHECK(world.check() == std::vector{version(digest)});
  CHECK(world.text.str().find("the mirror has nothing of mirror.example/library/app; asking docker.io") !=
        std::string::npos);
  CHECK(world.get(digest).version == version(digest));
  world.break_mirror();
  CHECK(world.check() == std::vector{version(digest)});
  CHECK(world.get(digest).version == version(digest));
  CHECK(world.text.str().find("it does not answer; asking docker.io instead of the mirror") != std::string::npos);
  CHECK(world.text.str().find("it does not answer; fetching from docker.io instead") != std::string::npos);
}

TEST_CASE("a get shows the labels whose names match, in their order") {
  MirrorWorld world;
  world.source.mirror.reset();
  const json::Value labels = {{"z.example", "1"}, {"a.example", "2"}, {"other", "3"}};
  const auto digest =
      world.registry.add_image({world.source.repository, "main", std::nullopt}, {{"config", {{"Labels", labels}}}}, {})
          .digest;
  world.source.label_regex = "[.]example$";
  const auto metadata = world.get(digest).metadata;
  REQUIRE(metadata.size() >= 2);
  CHECK(metadata.at(metadata.size() - 2) == std::pair<std::string, std::string>{"a.example", "2"});
  CHECK(metadata.back() == std::pair<std::string, std::string>{"z.example", "1"});
}

TEST_CASE("a mirror that fails in the middle of a layer leaves nothing, and the repository is asked") {
  MirrorWorld world;
  const json::Value config = {{"architecture", "amd64"},
                              {"os", "linux"},
                              {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("layer").text()}}}}};
  const auto digest =
      world.registry.add_image({world.source.repository, "main", std::nullopt}, config, {"layer"}).digest;
  CHECK(world.registry.add_image({*world.source.mirror, "main", std::nullopt}, config, {"layer"}).digest == digest);
  world.registry.lose_blob(*world.source.mirror, base::Sha256::of("layer"));
  base::write_file(world.directory.path() / "before", "kept");
  CHECK(image::fetch(world.source, {"main", digest}, {.format = image::Format::oci}, world.directory.path(),
                     world.registry, world.log)
            .version == version(digest));
  CHECK(base::read_file(world.directory.path() / "repository") == "app");
  CHECK(base::read_file(world.directory.path() / "before") == "kept");
  CHECK(std::filesystem::exists(world.directory.path() / "image.tar"));
  CHECK(world.text.str().find("; fetching from docker.io instead of the mirror") != std::string::npos);
}

TEST_CASE("what lies beside an image is asked of the repository where its mirror lacks it") {
  MirrorWorld world;
  const auto sbom = test::TarBuilder()
                        .directory("layers/sbom/launch")
                        .file("layers/sbom/launch/acme_java/jre/sbom.cdx.json", "{\"cdx\": 1}")
                        .bytes();
  const auto diff_id = base::Sha256::of(sbom).text();
  const json::Value metadata = {{"app", json::Value::array()}, {"sbom", {{"sha", diff_id}}}};
  const json::Value config = {{"architecture", "amd64"},
                              {"os", "linux"},
                              {"config", {{"Labels", {{"io.buildpacks.lifecycle.metadata", metadata.dump()}}}}},
                              {"rootfs", {{"type", "layers"}, {"diff_ids", {diff_id}}}}};
  const auto digest = world.registry.add_image({world.source.repository, "main", std::nullopt}, config, {sbom}).digest;
  CHECK(world.registry.add_image({*world.source.mirror, "main", std::nullopt}, config, {sbom}).digest == digest);
  world.registry.lose_blob(*world.source.mirror, base::Sha256::of(sbom));
  static_cast<void>(image::fetch(world.source, {"main", digest}, {.skip_download = true, .sbom = true},
                                 world.directory.path(), world.registry, world.log));
  CHECK(base::read_file(world.directory.path() / "sbom/acme_java/jre/sbom.cdx.json") == "{\"cdx\": 1}");
  CHECK(world.text.str().find("; asking docker.io instead of the mirror") != std::string::npos);
  std::vector<std::string> asked_for_records;
  for (const auto& line : world.registry.operations()) {
    if (line.starts_with("referrers")) asked_for_records.push_back(line);
  }
  REQUIRE(asked_for_records.size() == 2);
  CHECK(asked_for_records.front().find("mirror.example") != std::string::npos);
  CHECK(asked_for_records.back().find("docker.io") != std::string::npos);
}

TEST_CASE("the page shows no digest beside a version, and no time that was never set") {
  MirrorWorld world;
  const auto digest =
      world.registry
          .add_image({world.source.repository, "main", std::nullopt}, {{"created", "0001-01-01T00:00:00Z"}}, {})
          .digest;
  const auto metadata = world.get(digest).metadata;
  REQUIRE(metadata.size() == 2);
  CHECK(metadata[0].first == "repository");
  CHECK(metadata[1] == std::pair<std::string, std::string>{"tag", "main"});
}
