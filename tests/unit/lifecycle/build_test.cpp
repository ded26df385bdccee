#include "lifecycle/build.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/builder_world.hpp"

namespace {

namespace fs = std::filesystem;

struct World : test::BuilderWorld {
  void join(const std::string& id, const test::Scripts& scripts) {
    add(id, scripts);
    detected.group.push_back({id, "1.0", scripts.api, "", false});
  }
  // `id` provides `name`, which somebody requires.
  void plan(const std::string& id, const std::string& name) {
    for (auto& entry : detected.plan) {
      if (entry.name == name) return entry.providers.push_back({id, "1.0", "0.10", "", false});
    }
    detected.plan.push_back({name, {{id, "1.0", "0.10", "", false}}, {{name, std::nullopt}}});
  }
  lifecycle::BuildMetadata build() { return lifecycle::build(platform, detected, target, environment, log); }
  std::string error() {
    try {
      static_cast<void>(build());
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  lifecycle::Resolution detected;
  buildpacks::Target target{"linux", "amd64", "", {{"debian", "12"}}};
};

}  // namespace

TEST_CASE("buildpacks build in their order, each with its folder, its plan and the settings") {
  World world;
  world.join("acme/jre",
             {.build = "echo jre >>\"$NOTES/order\"; cat \"$3\" >\"$NOTES/plan\"; echo \"$1\" >\"$NOTES/layers\""});
  world.join("acme/web", {.build = "echo web >>\"$NOTES/order\"; [ \"$CNB_LAYERS_DIR\" = \"$1\" ] && [ ! -s \"$3\" ]"});
  world.plan("acme/jre", "jre");
  static_cast<void>(world.build());
  CHECK(world.note("order") == "jre\nweb\n");
  CHECK(world.note("plan").find("name = \"jre\"") != std::string::npos);
  CHECK(world.note("layers") == (world.platform.layers / "acme_jre").string() + "\n");
}

TEST_CASE("a build layer is in the environment of the buildpacks after, and a launch layer is not") {
  World world;
  world.join("acme/tools", {.build = R"(
mkdir -p "$1/build/bin" "$1/build/env" "$1/launch/bin"
printf '[types]\nbuild = true\n' >"$1/build.toml.new" && mv "$1/build.toml.new" "$1/jdk.toml" && mv "$1/build" "$1/jdk"
printf '[types]\nlaunch = true\n' >"$1/jre.toml" && mv "$1/launch" "$1/jre"
printf 21 >"$1/jdk/env/JAVA_VERSION"
)"});
  world.join("acme/web", {.build = "echo \"$JAVA_VERSION $PATH\" >\"$NOTES/seen\""});
  static_cast<void>(world.build());
  const auto jdk = (world.platform.layers / "acme_tools/jdk/bin").string();
  CHECK(world.note("seen") == "21 " + jdk + ":/usr/bin:/bin\n");
}

TEST_CASE("a buildpack sees no secret of the engine") {
  World world;
  world.join("acme/web", {.build = "env >\"$NOTES/env\""});
  static_cast<void>(world.build());
  CHECK(world.note("env").find("CNB_BP_PLAN_PATH=") != std::string::npos);
  CHECK(world.note("env").find("s3cret") == std::string::npos);
}

TEST_CASE("what a buildpack has not met goes to the next one that provides it") {
  World world;
  world.join("acme/first", {.build = R"(printf '[[unmet]]\nname = "jre"\n' >"$1/build.toml")"});
  world.join("acme/second", {.build = "cat \"$3\" >\"$NOTES/second\""});
  world.join("acme/third", {.build = "cat \"$3\" >\"$NOTES/third\""});
  for (const auto* id : {"acme/first", "acme/second", "acme/third"}) world.plan(id, "jre");
  static_cast<void>(world.build());
  CHECK(world.note("second").find("jre") != std::string::npos);
  CHECK(world.note("third").find("jre") == std::string::npos);
}

TEST_CASE("what was never asked for cannot be unmet") {
  World world;
  world.join("acme/web", {.build = R"(printf '[[unmet]]\nname = "go"\n' >"$1/build.toml")"});
  CHECK(world.error().find("unmet names \"go\"") != std::string::npos);
}

TEST_CASE("processes and labels are collected, a later buildpack's process of the same type wins") {
  World world;
  world.join("acme/one", {.build = R"(cat >"$1/launch.toml" <<'TOML'
[[labels]]
key = "one"
value = "1"
[[processes]]
type = "web"
command = ["first"]
default = true
[[processes]]
type = "task"
command = ["job"]
TOML)"});
  world.join("acme/two", {.build = R"(cat >"$1/launch.toml" <<'TOML'
[[processes]]
type = "web"
command = ["second"]
default = true
TOML)"});
  const auto metadata = world.build();
  REQUIRE(metadata.processes.size() == 2);
  CHECK(metadata.processes[0].type == "task");
  CHECK(metadata.processes[1].command == std::vector<std::string>{"second"});
  CHECK(metadata.processes[1].buildpack_id == "acme/two");
  CHECK(metadata.default_process == "web");
  CHECK(metadata.labels.at(0).key == "one");
  CHECK(base::read_file(world.platform.layers / "config/metadata.toml") == lifecycle::metadata_toml(metadata));
  CHECK(base::read_file(world.platform.layers / "sbom/launch/sbom.legacy.json").starts_with("null"));
}

TEST_CASE("a default process that a later buildpack redefines without saying so stops being one, with a warning") {
  World world;
  const std::string process = "printf '[[processes]]\\ntype = \"web\"\\ncommand = [\"x\"]\\n";
  world.join("acme/one", {.build = process + "default = true\\n' >\"$1/launch.toml\""});
  world.join("acme/two", {.build = process + "' >\"$1/launch.toml\""});
  CHECK(world.build().default_process.empty());
  CHECK(world.output.str().find("acme/two redefines the default process web") != std::string::npos);
}

TEST_CASE("a layer that is for nothing is put aside") {
  World world;
  world.join("acme/web", {.build = "mkdir \"$1/scratch\" && echo >\"$1/scratch.toml\""});
  static_cast<void>(world.build());
  CHECK_FALSE(fs::exists(world.platform.layers / "acme_web/scratch"));
  CHECK(fs::exists(world.platform.layers / "acme_web/scratch.ignore"));
}

TEST_CASE("a buildpack that fails ends the build, is named, and its words stand in the log") {
  World world;
  world.join("acme/web", {.build = "echo no such class >&2; exit 7"});
  world.join("acme/after", {.build = "echo ran >\"$NOTES/after\""});
  CHECK(world.error() ==
        "cannot build with buildpack acme/web@1.0: its bin/build ended with exit status 7; what it wrote stands above");
  CHECK(world.output.str().find("no such class") != std::string::npos);
  CHECK(world.note("after").empty());
}

TEST_CASE("a file that a buildpack left malformed is named with its path") {
  for (const auto* name : {"launch.toml", "build.toml", "jre.toml"}) {
    World world;
    world.join("acme/web", {.build = std::string("echo '[[broken' >\"$1/") + name + "\""});
    INFO(name);
    CHECK(world.error().find((world.platform.layers / "acme_web" / name).string()) != std::string::npos);
  }
}

TEST_CASE("a FIFO in place of a result is named, and waited for by nobody") {
  for (const auto* name : {"launch.toml", "build.toml", "store.toml", "layer.toml"}) {
    World world;
    world.join("acme/web", {.build = std::string("mkfifo \"$1/") + name + "\""});
    INFO(name);
    const auto path = (world.platform.layers / "acme_web" / name).string();
    CHECK(world.error() == "cannot read " + path + ": it is a FIFO, not a regular file");
  }
}
