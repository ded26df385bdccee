#include "lifecycle/metadata.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace lifecycle;

namespace {

BuildMetadata metadata() {
  BuildMetadata result;
  result.buildpacks = {{"odd/a", "1", "0.12", "https://x.example/?a=1&b=<2>", false},
                       {"odd/b", "2.0", "0.7", "", false}};
  result.labels = {{"z.label", "a<b>"}, {"a.label", ""}};
  result.processes = {
      {"web", {"bash", "-c", "echo \"hi\" <&>"}, std::vector<std::string>(), true, true, "odd/a", "", {}},
      {"words", {"old style"}, std::nullopt, false, false, "odd/b", "/tmp", {"production", "test"}}};
  result.slices = {{std::vector<std::string>{"sub/*", "*.md"}}, {std::nullopt}};
  result.default_process = "web";
  return result;
}

}  // namespace

// The expected text is the reference lifecycle's for the same build.
TEST_CASE("metadata.toml is the reference's, byte for byte") {
  CHECK(metadata_toml(metadata()) == R"(buildpack-default-process-type = "web"

[[buildpacks]]
  id = "odd/a"
  version = "1"
  api = "0.12"
  homepage = "https://x.example/?a=1&b=<2>"

[[buildpacks]]
  id = "odd/b"
  version = "2.0"
  api = "0.7"

[[labels]]
  key = "z.label"
  value = "a<b>"

[[labels]]
  key = "a.label"
  value = ""

[[processes]]
  type = "web"
  command = ["bash", "-c", "echo \"hi\" \u003c\u0026\u003e"]
  args = []
  direct = true
  buildpack-id = "odd/a"

[[processes]]
  type = "words"
  command = ["old style"]
  direct = false
  buildpack-id = "odd/b"
  working-dir = "/tmp"
  exec-env = ["production", "test"]

[[slices]]
  paths = ["sub/*", "*.md"]

[[slices]]
)");
  CHECK(metadata_toml(BuildMetadata()) == "processes = []\n");
}

TEST_CASE("the build's label has null for absent arguments and escapes as Go does") {
  CHECK(
      to_label(metadata(), {"1", "", ""}) ==
      R"({"buildpacks":[{"id":"odd/a","version":"1","homepage":"https://x.example/?a=1\u0026b=\u003c2\u003e"},)"
      R"({"id":"odd/b","version":"2.0"}],"launcher":{"version":"1","source":{"git":{"repository":"","commit":""}}},)"
      R"("processes":[{"type":"web","command":["bash","-c","echo \"hi\" \u003c\u0026\u003e"],"args":[],"direct":true,)"
      R"("buildpackID":"odd/a"},{"type":"words","command":["old style"],"args":null,"direct":false,)"
      R"("buildpackID":"odd/b","working-dir":"/tmp","exec-env":["production","test"]}],)"
      R"("buildpack-default-process-type":"web"})");
}

TEST_CASE("the layers' label survives a reading and a writing") {
  LayersMetadata layers;
  layers.app = {"sha256:a"};
  layers.sbom = "sha256:s";
  layers.buildpacks = {{"a/b", "1", {{"jre", {"sha256:j", buildpacks::Toml().add("v", 1.0), false, true, false}}}, {}},
                       {"c", "2", {}, std::optional(buildpacks::Toml().add("k", "v"))}};
  layers.run_image.top_layer = "sha256:t";
  layers.run_image.reference = "r.example/run@sha256:d";
  layers.run_image.name = {"r.example/run:base", {"m.example/run"}};
  const auto text = to_label(layers);
  CHECK(
      text ==
      R"({"app":[{"sha":"sha256:a"}],"sbom":{"sha":"sha256:s"},"buildpacks":[{"key":"a/b","version":"1","layers":)"
      R"({"jre":{"sha":"sha256:j","data":{"v":1},"build":false,"launch":true,"cache":false}}},{"key":"c","version":"2",)"
      R"("layers":{},"store":{"metadata":{"k":"v"}}}],"config":{"sha":""},"launcher":{"sha":""},"process-types":)"
      R"({"sha":""},"runImage":{"topLayer":"sha256:t","reference":"r.example/run@sha256:d","image":"r.example/run:base",)"
      R"("mirrors":["m.example/run"]},"stack":{"runImage":{"image":"r.example/run:base","mirrors":["m.example/run"]}}})");
  const auto read = parse_layers_metadata(text);
  REQUIRE(read);
  CHECK(to_label(*read) == text);
}

TEST_CASE("a label of a stranger is not metadata, and its names are not paths") {
  CHECK_FALSE(parse_layers_metadata("not json"));
  CHECK_FALSE(parse_layers_metadata("[]"));
  const auto read =
      parse_layers_metadata(R"({"buildpacks":[{"key":"a","layers":{"../x":{},"ok":{"sha":7}}}],"app":5})");
  REQUIRE(read);
  CHECK(read->buildpacks[0].layers.size() == 1);
}

TEST_CASE("the deepest metadata that a buildpack may write come back from the labels") {
  const std::string text = "[metadata]\na = " + std::string(46, '[') + std::string(46, ']') + "\n";
  const auto layer = buildpacks::parse_layer_toml(text, "layer.toml");
  LayersMetadata metadata;
  metadata.buildpacks = {{"acme/java", "1.0", {{"jre", {"sha256:x", layer.metadata, false, true, false}}}, {}}};
  const auto read = parse_layers_metadata(to_label(metadata));
  REQUIRE(read);
  CHECK(read->buildpacks.at(0).layers.at("jre").metadata == layer.metadata);
}
