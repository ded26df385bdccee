#include "lifecycle/detect.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "support/builder_world.hpp"

using buildpacks::Target;
using lifecycle::serves;

namespace {

struct World : test::BuilderWorld {
  lifecycle::Resolution detect() { return lifecycle::detect(platform, target, environment, log); }
  std::string group() {
    std::string text;
    for (const auto& element : detect().group) text += (text.empty() ? "" : " ") + element.id;
    return text;
  }
  std::string error() {
    try {
      static_cast<void>(detect());
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  Target target{"linux", "amd64", "", {{"debian", "12"}}};
};

constexpr const char* remedy =
    "; each buildpack's result stands above; check that the source's root is what params.source names";

std::string and_remedy(std::string text) {
  text += remedy;
  return text;
}

}  // namespace

TEST_CASE("the first group in which every needed buildpack passes is taken") {
  World world;
  world.add("acme/java", {.detect = "exit 100"});
  world.add("acme/python", {});
  world.add("acme/any", {});
  world.order("acme/java acme/any\nacme/python acme/any\nacme/any");
  CHECK(world.group() == "acme/python acme/any");
}

TEST_CASE("an optional buildpack that does not pass is left out") {
  World world;
  world.add("acme/tool", {.detect = "exit 100"});
  world.add("acme/broken", {.detect = "exit 1"});
  world.add("acme/web", {});
  world.order("acme/tool? acme/broken? acme/web");
  CHECK(world.group() == "acme/web");
}

TEST_CASE("what a buildpack requires of another becomes that one's plan") {
  World world;
  world.add("acme/jre", {.detect = R"(printf '[[provides]]\nname = "jre"\n' >"$CNB_BUILD_PLAN_PATH")"});
  world.add("acme/web",
            {.detect = R"(printf '[[requires]]\nname = "jre"\n[requires.metadata]\nversion = "21"\n' >"$2")"});
  world.order("acme/jre acme/web");
  const auto detected = world.detect();
  const auto entries = buildpacks::requirements_for(detected.plan, "acme/jre");
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "jre");
  CHECK(buildpacks::buildpack_plan_toml(entries).find("21") != std::string::npos);
  CHECK(buildpacks::requirements_for(detected.plan, "acme/web").empty());
}

TEST_CASE("a bin/detect runs once, however many groups name it") {
  World world;
  world.add("acme/web", {.detect = "echo once >>\"$NOTES/runs\""});
  world.add("acme/no", {.detect = "exit 100"});
  world.order("acme/web acme/no\nacme/no acme/web\nacme/web");
  CHECK(world.group() == "acme/web");
  CHECK(world.note("runs") == "once\n");
}

TEST_CASE("a composite buildpack stands for the groups of its own order") {
  World world;
  world.add("acme/first", {.detect = "exit 100"});
  world.add("acme/second", {});
  world.add("acme/last", {});
  world.add("acme/suite", {.toml = "[[order]]\n[[order.group]]\nid = \"acme/first\"\nversion = \"1.0\"\n"
                                   "[[order]]\n[[order.group]]\nid = \"acme/second\"\nversion = \"1.0\"\n"});
  world.order("acme/suite acme/last");
  CHECK(world.group() == "acme/second acme/last");
}

TEST_CASE("composite buildpacks that name each other are an error, not a loop") {
  World world;
  world.add("acme/a", {.toml = "[[order]]\n[[order.group]]\nid = \"acme/b\"\nversion = \"1.0\"\n"});
  world.add("acme/b", {.toml = "[[order]]\n[[order.group]]\nid = \"acme/a\"\nversion = \"1.0\"\n"});
  world.order("acme/a");
  CHECK(world.error().find("name one another in a circle") != std::string::npos);
}

TEST_CASE("a bin/detect sees the user's settings and the target, and nothing of the engine's secrets") {
  World world;
  world.write("platform/env/BP_LEVEL", "7");
  world.add("acme/web", {.detect = "env >\"$NOTES/env\""});
  world.order("acme/web");
  static_cast<void>(world.detect());
  const auto seen = world.note("env");
  for (const auto* line : {"BP_LEVEL=7\n", "CNB_TARGET_OS=linux\n", "CNB_TARGET_ARCH=amd64\n",
                           "CNB_TARGET_DISTRO_NAME=debian\n", "HOME=/home/cnb\n"}) {
    INFO(line);
    CHECK(seen.find(line) != std::string::npos);
  }
  CHECK(seen.find("s3cret") == std::string::npos);
}

TEST_CASE("a buildpack with clear-env does not see the user's settings") {
  World world;
  world.write("platform/env/BP_LEVEL", "7");
  world.add("acme/web", {.detect = "[ -z \"$BP_LEVEL\" ]", .toml = "clear-env = true"});
  world.order("acme/web");
  CHECK(world.group() == "acme/web");
}

TEST_CASE("when no group fits the error says so and the log says what each buildpack said") {
  World world;
  world.add("acme/web", {.detect = "echo no pom.xml; exit 100"});
  world.order("acme/web");
  CHECK(world.error() == and_remedy("cannot detect buildpacks for params.source: no group of buildpacks passed"));
  CHECK(world.output.str().find("no pom.xml") != std::string::npos);
  CHECK(world.output.str().find("fail: acme/web@1.0") != std::string::npos);
}

TEST_CASE("a buildpack whose detection broke is named in the error") {
  World world;
  world.add("acme/web", {.detect = "exit 3"});
  world.add("acme/killed", {.detect = "kill -9 $$"});
  world.order("acme/web\nacme/web acme/killed");
  CHECK(world.error() == and_remedy("cannot detect buildpacks for params.source: no group of buildpacks passed, and a "
                                    "buildpack failed: acme/web@1.0 (its bin/detect ended with exit status 3), "
                                    "acme/killed@1.0 (its bin/detect was killed by signal 9)"));
}

TEST_CASE("a build plan that cannot be read is the fault of the buildpack that wrote it") {
  World world;
  world.add("acme/web", {.detect = "echo '[[provides' >\"$2\""});
  world.order("acme/web");
  CHECK(world.error().find("a buildpack failed: acme/web@1.0 (") != std::string::npos);
}

TEST_CASE("a buildpack for another operating system is not run") {
  World world;
  world.add("acme/web", {.detect = "echo ran >\"$NOTES/run\"", .toml = "[[targets]]\nos = \"windows\""});
  world.add("acme/any", {});
  world.order("acme/web\nacme/web? acme/any");
  CHECK(world.note("run").empty());
  world.order("acme/web");
  CHECK(world.error().find("acme/web@1.0 (it does not serve the run image's operating system") != std::string::npos);
}

TEST_CASE("a target serves a base image when nothing that both name differs") {
  const Target base{"linux", "arm64", "v8", {{"debian", "12"}}};
  CHECK(serves({}, base));
  CHECK(serves({"linux", "", "", {}}, base));
  CHECK(serves({"linux", "arm64", "", {{"ubuntu", "24.04"}, {"debian", "12"}}}, base));
  CHECK(serves({"linux", "arm64", "v8", {{"debian", ""}}}, base));
  CHECK_FALSE(serves({"linux", "amd64", "", {}}, base));
  CHECK_FALSE(serves({"linux", "arm64", "v7", {}}, base));
  CHECK_FALSE(serves({"linux", "arm64", "v8", {{"debian", "11"}}}, base));
  CHECK_FALSE(serves({"", "", "", {{"debian", "12"}}}, {"linux", "arm64", "", {}}));
}
