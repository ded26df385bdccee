#include "image/ready_made.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>
#include <sstream>

#include "base/file.hpp"
#include "image/ready_push.hpp"
#include "json/value.hpp"
#include "support/failure.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "support/tar_builder.hpp"

namespace {

using Lines = std::vector<std::string>;

std::string digest(std::string_view bytes) { return base::Sha256::of(bytes).text(); }

// An archive of docker save of these layers; `change` may spoil its manifest.json.
struct Saved {
  std::vector<std::string> contents;
  std::vector<std::string> stored;

  [[nodiscard]] std::string config() const {
    json::Value ids = json::Value::array();
    for (const auto& content : contents) ids.push_back(digest(content));
    return json::dump({{"rootfs", {{"diff_ids", ids}}}});
  }
  [[nodiscard]] std::string tar() const {
    test::TarBuilder tar;
    json::Value paths = json::Value::array();
    for (std::size_t i = 0; i < stored.size(); ++i) {
      paths.push_back(fmt::format("layer-{}.tar", i));
      tar.file(paths.back(), stored[i]);
    }
    tar.file("config.json", config());
    const json::Value manifest = {{{"Config", "config.json"}, {"RepoTags", {"r.example/base:1"}}, {"Layers", paths}}};
    return tar.file("manifest.json", json::dump(manifest)).bytes();
  }
};

struct World {
  image::ReadyImage open(const std::string& bytes, const std::map<std::string, std::string>& annotations = {}) {
    const auto file = directory.path() / fmt::format("image-{}.tar", opened);
    const auto scratch = directory.path() / fmt::format("scratch-{}", opened++);
    std::filesystem::create_directory(scratch);
    base::write_file(file, bytes);
    return image::open_ready_image(file, {"image.tar", scratch, annotations}, log);
  }
  std::string failure(const std::string& bytes) {
    return test::failure([&] { static_cast<void>(open(bytes)); });
  }
  image::ReadyPushed push(const image::ReadyImage& image, const Lines& tags = {"main"}) {
    return image::push_ready_image(registry, image, {{"r.example", "app"}, tags}, "image.tar", log);
  }
  // What was asked since the last call, without names of digests.
  Lines asked() {
    const auto all = registry.operations();
    Lines result;
    for (; told < all.size(); ++told) {
      auto line = all[told].substr(0, all[told].find(" r.example"));
      if (line == "put_manifest") line += all[told].find("sha256:") == std::string::npos ? " tag" : " digest";
      result.push_back(line);
    }
    return result;
  }
  [[nodiscard]] std::size_t count(const Lines& lines, std::string_view name) const {
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), name));
  }

  base::TemporaryDirectory directory{"ready"};
  int opened = 0;
  std::size_t told = 0;
  test::InMemoryRegistry registry;
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
};

const std::string large(3'000'000, 'l');

}  // namespace

TEST_CASE("plain layers are compressed to the same bytes each time, and equal ones are one") {
  World world;
  const Saved saved{{large, "two", large}, {large, "two", large}};
  const auto first = world.open(saved.tar());
  const auto second = world.open(saved.tar());
  CHECK(first.top.bytes == second.top.bytes);
  CHECK(first.top.media_type == registry::media_type::docker_manifest);
  CHECK(first.blobs.size() == 3);  // the configuration and two
  const auto manifest = registry::parse_manifest(first.top, "x");
  CHECK(manifest.layers.size() == 3);
  CHECK(manifest.layers[0].digest == manifest.layers[2].digest);
  CHECK(manifest.layers[0].size < 100'000);
  CHECK(first.kind == "an archive of docker save, 3 layers");
  CHECK(first.origins == std::vector<registry::Repository>{{"r.example", "base"}});
}

TEST_CASE("compressed layers stay as they are; what Docker has no word for makes the manifest OCI's") {
  World world;
  const auto packed = test::gzipped("one");
  const auto gzip = world.open(Saved{{"one"}, {packed}}.tar());
  const auto config = Saved{{"one"}, {}}.config();
  CHECK(gzip.top.bytes ==
        fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{{"mediaType":"{}","size":{},"digest":"{}"}},)"
                    R"("layers":[{{"mediaType":"{}","size":{},"digest":"{}"}}]}})",
                    registry::media_type::docker_manifest, registry::media_type::docker_config, config.size(),
                    digest(config), registry::media_type::docker_layer_gzip, packed.size(), digest(packed)));
  const auto zstd = registry::parse_manifest(world.open(Saved{{"one"}, {test::zstd_compressed("one")}}.tar()).top, "x");
  CHECK(zstd.media_type == registry::media_type::oci_manifest);
  CHECK(zstd.config.media_type == registry::media_type::oci_config);
  CHECK(zstd.layers[0].media_type == registry::media_type::oci_layer_zstd);
  const auto noted = registry::parse_manifest(world.open(Saved{{"one"}, {packed}}.tar(), {{"a", "b"}}).top, "x");
  CHECK(noted.annotations.at("a") == "b");
  CHECK(noted.layers[0].media_type == registry::media_type::oci_layer_gzip);
}

TEST_CASE(
    "what an archive says of a layer that is left elsewhere stands in the manifest as it is, and is no part of it") {
  World world;
  const Saved saved{{"one"}, {}};
  const std::string type = "foreign\",\"size\":1},{\"mediaType\":\"x";
  const json::Value source = {{"digest", digest("there")}, {"size", 5}, {"mediaType", type}};
  const json::Value manifest = {
      {{"Config", "config.json"}, {"Layers", {"gone.tar"}}, {"LayerSources", {{digest("one"), source}}}}};
  test::TarBuilder tar;
  const auto image =
      world.open(tar.file("config.json", saved.config()).file("manifest.json", json::dump(manifest)).bytes());
  const auto layers = registry::parse_manifest(image.top, "x").layers;
  REQUIRE(layers.size() == 1);
  CHECK(layers[0].media_type == type);
}

TEST_CASE("what a compressed layer unpacks to is verified before it is sent") {
  World world;
  const auto image = world.open(Saved{{"one"}, {test::gzipped("other")}}.tar());
  const auto failure = test::failure([&] { static_cast<void>(world.push(image)); });
  CHECK(failure.starts_with("cannot push params.image image.tar: layer-0.tar: it unpacks to "));
  CHECK(world.count(world.asked(), "put_new_blob") == 0);
  CHECK(world.failure(Saved{{"one"}, {"other"}}.tar()).find("layer-0.tar has the digest") != std::string::npos);
  CHECK(world.failure(Saved{{"one", "two"}, {test::gzipped("one"), test::gzipped("one")}}.tar())
            .find("the bytes of another") != std::string::npos);
}

TEST_CASE("blobs go first, the tags last, and what is there is not sent") {
  World world;
  const auto image = world.open(Saved{{"one", "two"}, {"one", "two"}}.tar());
  const auto pushed = world.push(image, {"main", "1.2.3"});
  CHECK(pushed.sent == 3);
  const auto asked = world.asked();
  CHECK(asked.front() == "resolve");
  CHECK(world.count(asked, "has_blob") == 3);
  CHECK(world.count(asked, "mount_blob") >= 2);
  CHECK(Lines(asked.end() - 3, asked.end()) == Lines{"resolve", "put_manifest tag", "put_manifest tag"});
  SECTION("nothing has changed") {
    CHECK(world.push(image, {"main", "1.2.3"}).was_unchanged);
    CHECK(world.asked() == Lines{"resolve", "resolve", "put_manifest digest"});
  }
  SECTION("another tag") {
    const auto again = world.push(image, {"other"});
    CHECK(again.was_known);
    CHECK(world.asked() == Lines{"resolve", "resolve", "put_manifest digest", "resolve", "put_manifest tag"});
  }
}

TEST_CASE("blobs that the repository of the archive's name has are mounted, and others soon not asked for") {
  World world;
  const std::vector<std::string> layers{"one", "two", "three", "four", "five", "six"};
  std::vector<std::string> packed;
  for (const auto& layer : layers) packed.push_back(test::gzipped(layer));
  const auto image = world.open(Saved{layers, packed}.tar());
  SECTION("it has all") {
    for (const auto& layer : packed) {
      static_cast<void>(world.registry.add_blob({"r.example", "base"}, layer, registry::media_type::oci_layer_gzip));
    }
    CHECK(world.push(image).mounted >= 4);
  }
  SECTION("it has none") {
    CHECK(world.push(image).mounted == 0);
    // Those that were on their way at the second miss are asked, too.
    CHECK(world.count(world.asked(), "mount_blob") < 2 + registry::HostLimits{}.transfers);
  }
}

TEST_CASE("annotations name the repositories that may have a blob") {
  using Repositories = std::vector<registry::Repository>;
  CHECK(image::origins_in({}).empty());
  CHECK(image::origins_in({{"org.opencontainers.image.base.name", "r.example/base:1"}}) ==
        Repositories{{"r.example", "base"}});
  CHECK(image::origins_in({{"containerd.io/distribution.source.r.example", "a/b,c,c"}}) ==
        Repositories{{"r.example", "a/b"}, {"r.example", "c"}});
  CHECK(image::origins_in({{"org.opencontainers.image.base.name", "not a name"}, {"other", "r.example/x"}}).empty());
}

TEST_CASE("a registry that lost a blob of what stands gets it again") {
  World world;
  const auto image = world.open(Saved{{"one"}, {"one"}}.tar());
  static_cast<void>(world.push(image));
  static_cast<void>(world.asked());
  world.registry.lose_blob({"r.example", "app"}, image.blobs[0].descriptor.digest);
  const auto pushed = world.push(image);
  CHECK_FALSE(pushed.was_unchanged);
  CHECK(pushed.sent == 1);
  const auto asked = world.asked();
  CHECK(world.count(asked, "has_blob") == 2);
  CHECK(asked.back() == "put_manifest tag");
}

TEST_CASE("a registry that takes nothing a second time still says that nothing has changed") {
  World world;
  const auto image = world.open(Saved{{"one"}, {"one"}}.tar());
  static_cast<void>(world.push(image, {"1.2.3"}));
  static_cast<void>(world.asked());
  auto kind = base::ErrorKind::protocol;
  world.registry.before_each = [&](const std::string& line) {
    const bool is_again = line.find("sha256:") != std::string::npos || line.ends_with("1.2.3");
    if (line.starts_with("put_manifest") && is_again) throw base::Error(kind, {"push", "image", "409 immutable", ""});
  };
  SECTION("nothing is missing") {
    CHECK(world.push(image, {"1.2.3"}).was_unchanged);
    CHECK(world.count(world.asked(), "has_blob") == 2);
  }
  SECTION("a tag that failed before is set, and the one that stands is left alone") {
    CHECK_FALSE(world.push(image, {"1.2.3", "latest"}).was_unchanged);
    CHECK(world.asked().back() == "put_manifest tag");
    CHECK(world.registry.resolve({{"r.example", "app"}, "latest", std::nullopt})->digest == image.top.digest);
  }
  SECTION("a refusal of the login is not taken for that") {
    kind = base::ErrorKind::denied;
    CHECK(test::failure([&] { static_cast<void>(world.push(image, {"1.2.3"})); }).find("409") != std::string::npos);
  }
}

TEST_CASE("a login that may write and not read pushes all the same") {
  World world;
  const auto image = world.open(Saved{{"one"}, {"one"}}.tar());
  world.registry.before_each = [](const std::string& line) {
    const bool is_read = line.starts_with("resolve") || line.starts_with("has_blob");
    if (is_read) throw base::Error(base::ErrorKind::denied, {"read", "image", "DENIED", ""}).answered(403);
  };
  CHECK(world.push(image).sent == 2);
  CHECK(world.asked().back() == "put_manifest tag");
}
