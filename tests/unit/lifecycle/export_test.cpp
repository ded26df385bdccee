#include "lifecycle/export.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <sstream>
#include <unistd.h>

#include "base/file.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"

using namespace lifecycle;

namespace {

namespace fs = std::filesystem;

const registry::Reference run_reference = registry::Reference::parse("r.example.com/run:base", "test");
const registry::Reference app_reference = registry::Reference::parse("r.example.com/app:main", "test");

// A builder's folders after a build by one buildpack with one launch layer, and a registry with a run image.
class World {
 public:
  World() {
    registry.add_image(run_reference,
                       {{"os", "linux"},
                        {"architecture", "amd64"},
                        {"config", {{"Env", {"PATH=/bin"}}}},
                        {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("base").text()}}}}},
                       {"base"});
    platform.layers = directory.path() / "layers";
    platform.application = directory.path() / "workspace";
    platform.launcher = directory.path() / "launcher";
    platform.identity = {getuid(), getgid()};
    write("launcher", "program");
    write("layers/acme_web/site.toml", "[types]\nlaunch = true\n[metadata]\nv = 1\n");
    write("layers/acme_web/site/index.html", "hello");
    write("layers/config/metadata.toml", "processes = []\n");
    write("workspace/app.py", "print()");
    metadata.buildpacks = {{"acme/web", "1.0", "0.10", "", false}};
  }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((directory.path() / path).parent_path());
    base::write_file(directory.path() / path, text);
  }

  Exported run() {
    const registry::Platform host{"linux", "amd64", ""};
    Analysis analysis{find_run_image(registry, {run_reference, {}}, app_reference.repository, host),
                      look_up_previous_image(registry, app_reference, host).image};
    if (analysis.previous) find_layers(registry, *analysis.previous, log);
    auto exported = export_image(registry, platform, metadata, analysis,
                                 {app_reference.repository, "", "{}", {}, "1980-01-01T00:00:01Z"}, log);
    registry.put_manifest(app_reference, exported.manifest);
    return exported;
  }

  registry::Image image() { return *registry.find_image(app_reference, {"linux", "amd64", ""}); }

  base::TemporaryDirectory directory{"export-test"};
  test::InMemoryRegistry registry;
  Platform platform;
  BuildMetadata metadata;
  test::ManualClock clock;
  std::ostringstream output;
  base::Log log{output, base::Colour::off, clock};
};

std::size_t count(const std::vector<std::string>& operations, std::string_view start) {
  return static_cast<std::size_t>(
      std::count_if(operations.begin(), operations.end(), [&](const auto& line) { return line.starts_with(start); }));
}

}  // namespace

TEST_CASE("an image has the run image's layers, then the build's") {
  World world;
  const auto exported = world.run();
  const auto image = world.image();
  CHECK(image.raw.digest == exported.manifest.digest);
  // Base, site, application, launcher, configuration; no SBOM and no process types here.
  CHECK(image.manifest.layers.size() == 5);
  CHECK(image.diff_ids().size() == 5);
  CHECK(image.diff_ids()[0] == base::Sha256::of("base"));
  CHECK(image.raw.media_type == registry::media_type::oci_manifest);
}

TEST_CASE("the run image's layers are mounted, and the manifest goes last") {
  World world;
  static_cast<void>(world.run());
  const auto operations = world.registry.operations();
  CHECK(count(operations, "mount_blob r.example.com/app") == 1);
  CHECK(count(operations, "stream_blob r.example.com/run " + base::Sha256::of("base").text()) == 0);
  const auto manifest = std::find_if(operations.begin(), operations.end(),
                                     [](const auto& line) { return line.starts_with("put_manifest"); });
  CHECK(std::none_of(manifest, operations.end(), [](const auto& line) { return line.starts_with("put_blob"); }));
}

TEST_CASE("what did not change is not made or sent again") {
  World world;
  const auto first = world.run();
  CHECK(first.reused == 0);
  const auto before = count(world.registry.operations(), "put_blob");
  const auto second = world.run();
  CHECK(second.manifest.digest == first.manifest.digest);
  CHECK(second.reused == second.layers);
  CHECK(second.uploaded == 0);
  CHECK(count(world.registry.operations(), "put_blob") == before + 1);  // the configuration is offered
  world.write("workspace/app.py", "print(2)");
  const auto third = world.run();
  CHECK(third.reused == third.layers - 1);
  CHECK(third.manifest.digest != first.manifest.digest);
}

TEST_CASE("a layer without contents is the previous image's") {
  World world;
  static_cast<void>(world.run());
  const auto before = world.image().diff_ids();
  fs::remove_all(world.directory.path() / "layers/acme_web/site");
  static_cast<void>(world.run());
  CHECK(world.image().diff_ids() == before);
}

TEST_CASE("a layer without contents that no previous image has is the buildpack's fault") {
  World world;
  fs::remove_all(world.directory.path() / "layers/acme_web/site");
  std::string message;
  try {
    static_cast<void>(world.run());
  } catch (const base::Error& error) {
    message = error.what();
  }
  CHECK(
      message ==
      "cannot keep layer acme/web:site: it has no contents, and no previous image has it; its buildpack must write its "
      "contents");
}

TEST_CASE("an image that buildpacks did not make is replaced, and nothing of it is reused") {
  World world;
  world.registry.add_image(app_reference,
                           {{"os", "linux"},
                            {"architecture", "amd64"},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("x").text()}}}}},
                           {"x"});
  CHECK(world.run().reused == 0);
  world.registry.add_image(registry::Reference::parse("r.example.com/foreign:x", "test"), {{"os", "linux"}}, {"x"});
  CHECK(look_up_previous_image(world.registry, registry::Reference::parse("r.example.com/foreign:x", "test"),
                               registry::host_platform())
            .unusable == "it was not built by buildpacks");
}
