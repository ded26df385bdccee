#include "buildpacks/outputs.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/failure.hpp"

using namespace buildpacks;

namespace {

const GroupElement owner{"acme/web", "1.0", "", "", false};

LaunchToml launch(std::string_view text, ApiVersion api) { return parse_launch_toml(text, "launch.toml", owner, api); }

}  // namespace

TEST_CASE("a command is text before Buildpack API 0.9 and a list from then on") {
  const auto old = launch("[[processes]]\ntype = \"web\"\ncommand = \"run it\"\n", {0, 8});
  CHECK(old.processes[0].command == std::vector<std::string>{"run it"});
  CHECK_FALSE(old.processes[0].direct);
  const auto now = launch("[[processes]]\ntype = \"web\"\ncommand = [\"run\", \"it\"]\n", {0, 9});
  CHECK(now.processes[0].command == std::vector<std::string>{"run", "it"});
  CHECK(now.processes[0].direct);
  CHECK(test::failure([] {
          static_cast<void>(launch("[[processes]]\ntype = \"web\"\ncommand = \"x\"\n", {0, 9}));
        }) == "cannot read launch.toml: processes[0].command is text, expected a list of texts");
  CHECK(test::failure([] {
          static_cast<void>(launch("[[processes]]\ntype = \"w\"\ncommand = [\"x\"]\ndirect = true\n", {0, 9}));
        }) == "cannot read launch.toml: processes[0].direct is not allowed in Buildpack API 0.9");
}

TEST_CASE("a working directory is ignored before Buildpack API 0.8") {
  const auto text = "[[processes]]\ntype = \"web\"\ncommand = \"x\"\nworking-dir = \"/tmp\"\n";
  CHECK(launch(text, {0, 7}).processes[0].working_directory.empty());
  CHECK(launch(text, {0, 8}).processes[0].working_directory == "/tmp");
}

TEST_CASE("absent and empty arguments are told apart") {
  CHECK_FALSE(launch("[[processes]]\ntype = \"w\"\ncommand = [\"x\"]\n", {0, 10}).processes[0].args);
  CHECK(launch("[[processes]]\ntype = \"w\"\ncommand = [\"x\"]\nargs = []\n", {0, 10}).processes[0].args);
}

TEST_CASE("a process type cannot leave its directory") {
  for (const auto* type : {"../x", "..", "a|b"}) {
    CHECK_FALSE(test::failure([&] {
                  static_cast<void>(
                      launch("[[processes]]\ntype = \"" + std::string(type) + "\"\ncommand = [\"x\"]\n", {0, 10}));
                }).empty());
  }
}

TEST_CASE("two default processes are an error") {
  const std::string one = "[[processes]]\ntype = \"a\"\ncommand = [\"x\"]\ndefault = true\n";
  CHECK(test::failure([&] {
          static_cast<void>(launch(one + one, {0, 10}));
        }) == "cannot read launch.toml: processes[1].default is true for a second process: one may be the default");
}

TEST_CASE("a layer's flags belong into [types]") {
  const auto layer = parse_layer_toml("[types]\nlaunch = true\n[metadata]\nv = 1\n", "jre.toml");
  CHECK(layer.launch);
  CHECK_FALSE(layer.cache);
  REQUIRE(layer.metadata);
  CHECK(test::failure([] { static_cast<void>(parse_layer_toml("launch = true\n", "jre.toml")); }) ==
        "cannot read jre.toml: launch stands at the top: it belongs into [types]");
}

TEST_CASE("metadata that could not be read back from a label are refused when they are taken") {
  for (const auto* value : {"inf", "-inf", "nan", "[1.5, [nan]]"}) {
    CHECK_THROWS_AS(parse_layer_toml(std::string("[metadata]\na = ") + value + "\n", "layer.toml"), base::Error);
    CHECK_THROWS_AS(parse_store_toml(std::string("[metadata]\na = ") + value + "\n", "store.toml"), base::Error);
  }
}
