#include "lifecycle/app_image.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace lifecycle;

namespace {

registry::Descriptor layer(const std::string& content, std::string_view type) {
  return {std::string(type), base::Sha256::of(content), content.size(), {}, std::nullopt, ""};
}

registry::Image run_image(json::Value config) {
  registry::Manifest manifest{std::string(registry::media_type::docker_manifest),
                              layer("{}", "config"),
                              {layer("base", registry::media_type::docker_layer_gzip)},
                              {},
                              std::nullopt,
                              ""};
  config["rootfs"] = {{"type", "layers"}, {"diff_ids", {base::Sha256::of("tar").text()}}};
  return {registry::serialize(manifest), manifest, std::move(config)};
}

ComposedImage composed(const json::Value& config) {
  AppImage app;
  app.layers = {{layer("app", registry::media_type::oci_layer_gzip), "sha256:new", "Application Layer"}};
  app.labels = {{"k", "v"}};
  app.entrypoint = "/cnb/process/web";
  app.created = "1980-01-01T00:00:01Z";
  return compose(run_image(config), app, Platform());
}

}  // namespace

TEST_CASE("the image keeps the run image's settings and gets the build's") {
  const auto image = composed({{"os", "linux"},
                               {"container", "x"},
                               {"history", {{{"created_by", "a"}, {"empty_layer", true}}, {{"created_by", "b"}}}},
                               {"config",
                                {{"User", "1000"},
                                 {"Cmd", {"bash"}},
                                 {"Env", {"PATH=/bin", "CNB_APP_DIR=/old", "X=1"}},
                                 {"Labels", {{"k", "old"}, {"keep", "1"}}}}}});
  const auto& config = image.config.at("config");
  CHECK(config.at("Env") ==
        json::Value({"PATH=/cnb/process:/cnb/lifecycle:/bin", "CNB_APP_DIR=/workspace", "X=1", "CNB_LAYERS_DIR=/layers",
                     "CNB_PLATFORM_API=0.15", "CNB_DEPRECATION_MODE=quiet"}));
  CHECK(config.at("User") == "1000");
  CHECK_FALSE(config.contains("Cmd"));
  CHECK(config.at("Entrypoint") == json::Value::array({"/cnb/process/web"}));
  CHECK(config.at("Labels") == json::Value({{"k", "v"}, {"keep", "1"}}));
  CHECK_FALSE(image.config.contains("container"));
  CHECK(image.config.at("history").size() == 2);
  CHECK(image.config.at("history")[0].at("created_by") == "b");
  CHECK(image.config.at("rootfs").at("diff_ids").size() == 2);
}

TEST_CASE("layers of a Docker base become OCI layers, so that the manifest has one family") {
  for (const auto& one : composed({}).layers) CHECK(one.media_type == registry::media_type::oci_layer_gzip);
}

TEST_CASE("a history that does not fit the layers is replaced") {
  const auto image = composed({{"history", json::Value::array()}});
  CHECK(image.config.at("history")[0] == json::Value({{"created", "1980-01-01T00:00:01Z"}}));
}

TEST_CASE("the default process is the user's, else the buildpacks', else the launcher") {
  BuildMetadata metadata;
  CHECK(entrypoint(metadata, "") == "/cnb/lifecycle/launcher");
  metadata.processes = {{"web", {"x"}, {}, true, true, "a", "", {}}, {"worker", {"x"}, {}, true, false, "a", "", {}}};
  metadata.default_process = "web";
  CHECK(entrypoint(metadata, "") == "/cnb/process/web");
  CHECK(entrypoint(metadata, "worker") == "/cnb/process/worker");
  CHECK_THROWS_AS(entrypoint(metadata, "gone"), base::Error);
}
