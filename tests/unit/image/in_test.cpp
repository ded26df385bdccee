#include "image/in.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <sstream>

#include "archive/input.hpp"
#include "archive/reader.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "registry/oci_layout.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "support/tar_builder.hpp"

namespace {

namespace fs = std::filesystem;

struct World {
  World() {
    source.repository = {"r.example", "app"};
    source.written_repository = "r.example/app";
    source.platform = {"linux", "amd64", ""};
  }

  registry::RawManifest add(const std::vector<std::string>& layers, const json::Value& labels = json::Value::object(),
                            const std::string& architecture = "amd64") {
    json::Value ids = json::Value::array();
    for (const auto& layer : layers) ids.push_back(base::Sha256::of(layer).text());
    const json::Value config = {{"architecture", architecture},
                                {"os", "linux"},
                                {"config", {{"Labels", labels}}},
                                {"rootfs", {{"type", "layers"}, {"diff_ids", ids}}}};
    return registry.add_image({source.repository, std::nullopt, std::nullopt}, config, layers);
  }

  concourse::VersionAndMetadata get(const registry::Digest& digest, const image::InParams& params) {
    return image::fetch(source, {"main", digest}, params, directory.path(), registry, log);
  }

  [[nodiscard]] std::size_t asked_for(std::string_view operation) {
    const auto all = registry.operations();
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const std::string& line) { return line.starts_with(operation); }));
  }

  test::InMemoryRegistry registry;
  image::Source source;
  base::TemporaryDirectory directory{"get"};
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
};

std::map<std::string, std::string> entries_of(const fs::path& tar) {
  const auto input = archive::file_input(tar);
  archive::Reader reader(*input, "image.tar");
  std::map<std::string, std::string> result;
  while (const auto* entry = reader.next()) {
    auto& content = result[entry->path];
    archive::Block block;
    while (reader.read(block)) content += block.bytes;
  }
  return result;
}

}  // namespace

TEST_CASE("an image comes as the archive that docker load takes, the same each time") {
  World world;
  const auto image = world.add({"one", "two", "one"}, {{"a", "b"}});
  static_cast<void>(world.get(image.digest, {.format = image::Format::oci}));
  const auto entries = entries_of(world.directory.path() / "image.tar");
  const auto manifest = json::parse(entries.at("manifest.json"), "x");
  REQUIRE(manifest.size() == 1);
  CHECK(manifest[0]["RepoTags"] == json::Value{"r.example/app:main"});
  CHECK(manifest[0]["Layers"].size() == 3);
  CHECK(entries.at(manifest[0]["Layers"][1].get<std::string>()) == "two");
  const auto config = entries.at(manifest[0]["Config"].get<std::string>());
  CHECK(base::Sha256::of(config).text() == manifest[0]["Config"]);
  CHECK(entries.size() == 4);  // a layer that occurs twice is written once
  CHECK(base::read_file(world.directory.path() / "labels.json") == "{\"a\":\"b\"}\n");
  World other;
  static_cast<void>(other.add({"one", "two", "one"}, {{"a", "b"}}));
  static_cast<void>(other.get(image.digest, {.format = image::Format::oci}));
  CHECK(base::read_file(world.directory.path() / "image.tar") == base::read_file(other.directory.path() / "image.tar"));
}

TEST_CASE("an image comes as a layout, which says that it is a single one") {
  World world;
  const auto image = world.add({"one", "two"});
  static_cast<void>(world.get(image.digest, {.format = image::Format::oci_layout}));
  const auto oci = world.directory.path() / "oci";
  CHECK(registry::open_oci_layout(oci)->find_manifest({"main"})->digest == image.digest);
  CHECK(base::read_file(oci / "single-image-digest") == image.digest.text());
}

TEST_CASE("files for deployers name the repository as the user wrote it") {
  World world;
  world.source.written_repository = "r.example:443/app";
  const auto image = world.add({"one"});
  static_cast<void>(world.get(image.digest, {.skip_download = true, .deploy = {deploying::Form::helm_values}}));
  const auto values = base::read_file(world.directory.path() / "deploy/helm-values.yaml");
  CHECK(values.find("  repository: \"r.example:443/app\"\n  tag: \"main\"\n") != std::string::npos);
  CHECK_FALSE(fs::exists(world.directory.path() / "deploy/patch.yaml"));
}

TEST_CASE("an index comes as a layout with all its images") {
  World world;
  json::Value entries = json::Value::array();
  for (const auto* architecture : {"amd64", "arm64"}) {
    const auto image = world.add({architecture}, json::Value::object(), architecture);
    entries.push_back({{"mediaType", image.media_type},
                       {"digest", image.digest.text()},
                       {"size", image.bytes.size()},
                       {"platform", {{"os", "linux"}, {"architecture", architecture}}}});
  }
  const auto index = registry::parse_raw(std::string(registry::media_type::oci_index),
                                         json::dump({{"schemaVersion", 2}, {"manifests", entries}}), "x");
  world.registry.put_manifest({world.source.repository, "main", std::nullopt}, index);
  static_cast<void>(world.get(index.digest, {.format = image::Format::oci_layout}));
  const auto layout = registry::open_oci_layout(world.directory.path() / "oci");
  CHECK(layout->find_manifest({})->digest == index.digest);
  CHECK(registry::find_image(*layout, {}, {"linux", "arm64", ""}));
  CHECK_FALSE(fs::exists(world.directory.path() / "oci/single-image-digest"));
}

TEST_CASE("a get's platform stands instead of the source's") {
  World world;
  const auto image = world.add({"arm"}, json::Value::object(), "arm64");
  const json::Value entry = {{"mediaType", image.media_type},
                             {"digest", image.digest.text()},
                             {"size", image.bytes.size()},
                             {"platform", {{"os", "linux"}, {"architecture", "arm64"}}}};
  const auto index =
      registry::parse_raw(std::string(registry::media_type::oci_index), json::dump({{"manifests", {entry}}}), "x");
  world.registry.put_manifest({world.source.repository, "main", std::nullopt}, index);
  CHECK_THROWS_AS(world.get(index.digest, {.format = image::Format::oci}), base::Error);
  CHECK_NOTHROW(
      world.get(index.digest, {.format = image::Format::oci, .platform = image::PlatformFields{"", "arm64/v8", ""}}));
}

TEST_CASE("only an image that buildpacks built is asked for its build record") {
  World world;
  const auto plain = world.add({"one"});
  static_cast<void>(world.get(plain.digest, {.skip_download = true}));
  CHECK(world.asked_for("referrers") == 0);
  CHECK(world.registry.operations().size() == 2);  // the manifest and the configuration
  const auto built = world.add({"one"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  static_cast<void>(world.get(built.digest, {.skip_download = true}));
  CHECK(world.asked_for("referrers") == 1);
}

TEST_CASE("a registry that answers nothing about records does not keep a get from its image") {
  World world;
  const auto built = world.add({"one"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  world.registry.before_each = [](const std::string& operation) {
    if (operation.starts_with("referrers")) {
      throw base::Error(base::ErrorKind::transient, {"list", "the referrers", "HTTP status 500", ""});
    }
  };
  CHECK(world.get(built.digest, {.skip_download = true}).version.at("digest") == built.digest.text());
}

TEST_CASE("a get fails when one of its layers does, whichever, and waits for none of the others") {
  for (const auto* broken : {"first", "second", "third"}) {
    World world;
    const auto image = world.add({"first", "second", "third"});
    world.registry.corrupt_blob(world.source.repository, base::Sha256::of(broken));
    CHECK_THROWS_AS(world.get(image.digest, {}), base::Error);
  }
}

TEST_CASE("bytes that are not the layer's are told as such, whatever reading them meets first") {
  World world;
  constexpr std::size_t size = 3'000'320;
  // The byte in the middle, which is altered, is the first of the second header.
  const auto layer =
      test::TarBuilder().file("a", std::string(size, 'a')).file("b", std::string(size - 1024, 'b')).bytes();
  REQUIRE(layer.at(layer.size() / 2) == 'b');
  const auto image = world.add({layer});
  world.registry.corrupt_blob(world.source.repository, base::Sha256::of(layer));
  try {
    static_cast<void>(world.get(image.digest, {}));
    FAIL("it was taken");
  } catch (const base::Error& error) {
    CHECK(std::string_view(error.what()).find("another digest") != std::string_view::npos);
  }
}

namespace {

// An image of buildpacks whose last layer is this SBOM.
registry::RawManifest add_with_sbom(World& world, const std::string& tar, const std::string& diff_id) {
  const json::Value metadata = {{"app", json::Value::array()}, {"sbom", {{"sha", diff_id}}}};
  return world.add({"application", tar}, {{"io.buildpacks.lifecycle.metadata", metadata.dump()}});
}

}  // namespace

TEST_CASE("the SBOM that buildpacks wrote is written down, with and without the image") {
  const auto tar = test::TarBuilder()
                       .directory("layers/sbom/launch")
                       .file("layers/sbom/launch/acme_java/jre/sbom.cdx.json", "{\"cdx\": 1}")
                       .file("layers/sbom/launch/sbom.legacy.json", "[]")
                       .file("etc/passwd", "root")
                       .symlink("layers/sbom/launch/acme_java/link", "/etc/passwd")
                       .bytes();
  World world;
  const auto image = add_with_sbom(world, tar, base::Sha256::of(tar).text());
  static_cast<void>(world.get(image.digest, {.skip_download = true, .sbom = true}));
  const auto sbom = world.directory.path() / "sbom";
  CHECK(base::read_file(sbom / "acme_java/jre/sbom.cdx.json") == "{\"cdx\": 1}");
  CHECK(base::read_file(sbom / "sbom.legacy.json") == "[]");
  CHECK_FALSE(fs::exists(sbom / "acme_java/link"));
  CHECK_FALSE(fs::exists(sbom / "passwd"));
  CHECK(world.asked_for("stream_blob") == 2);  // the configuration, and the one layer
}

TEST_CASE("an image of another tool has no SBOM, and one whose buildpacks wrote none is told of") {
  World world;
  const auto foreign = world.add({"one"});
  CHECK_THROWS_AS(world.get(foreign.digest, {.skip_download = true, .sbom = true}), base::Error);
  const auto built = world.add({"one"}, {{"io.buildpacks.lifecycle.metadata", "{}"}});
  static_cast<void>(world.get(built.digest, {.skip_download = true, .sbom = true}));
  CHECK(fs::is_empty(world.directory.path() / "sbom"));
  CHECK(world.text.str().find("wrote no SBOM") != std::string::npos);
}

TEST_CASE("an SBOM of other bytes than the image says is refused") {
  World world;
  const auto tar = test::TarBuilder().file("layers/sbom/launch/x/sbom.cdx.json", "{}").bytes();
  const auto image =
      add_with_sbom(world, tar + std::string(512, 'x'), base::Sha256::of(tar + std::string(512, 'x')).text());
  static_cast<void>(world.get(image.digest, {.skip_download = true, .sbom = true}));
  const auto lost = add_with_sbom(world, tar, base::Sha256::of("another").text());
  CHECK_THROWS_AS(world.get(lost.digest, {.skip_download = true, .sbom = true}), base::Error);
}

TEST_CASE("what an image does not say of its process is null, as the registry-image resource has it") {
  World world;
  const auto image = world.add({std::string(1024, '\0')});
  static_cast<void>(world.get(image.digest, {}));
  CHECK(base::read_file(world.directory.path() / "metadata.json") ==
        "{\"cmd\":null,\"entrypoint\":null,\"env\":null,\"user\":\"\"}\n");
}
