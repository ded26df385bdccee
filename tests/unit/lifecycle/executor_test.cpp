#include "lifecycle/executor.hpp"

#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "support/builder_world.hpp"

using lifecycle::Containment;
using lifecycle::Run;

namespace {

struct World : test::BuilderWorld {
  base::ExitStatus run(const std::string& script, const lifecycle::Variables& variables = {{"PATH", "/usr/bin:/bin"}}) {
    return lifecycle::execute(platform, Run{"/bin/sh", {"-c", script}, variables},
                              [&](std::string_view bytes) { said += bytes; });
  }
  std::string said;
};

}  // namespace

TEST_CASE("a buildpack's program runs in the application's folder and with exactly its environment") {
  World world;
  CHECK(
      world
          .run("pwd -P; env | grep -c NAME=value; env | grep -c SECRET", {{"NAME", "value"}, {"PATH", "/usr/bin:/bin"}})
          .code == 1);
  CHECK(world.said == std::filesystem::canonical(world.platform.application).string() + "\n1\n0\n");
}

TEST_CASE("both outputs of a buildpack's program reach the log, and its end is told") {
  World world;
  CHECK(world.run("echo out; echo err >&2; exit 7").code == 7);
  CHECK(world.said.find("out\n") != std::string::npos);
  CHECK(world.said.find("err\n") != std::string::npos);
  CHECK(world.run("kill -9 $$").signal == SIGKILL);
}

TEST_CASE("a buildpack's program that is not there is an error that names it") {
  const World world;
  CHECK_THROWS_AS(lifecycle::execute(world.platform, Run{"/does/not/exist", {}, {}}, nullptr), base::Error);
}

TEST_CASE("nothing of a buildpack outlives its phase, not even in a session of its own") {
  World world;
  pid_t daemon = 0;
  {
    const Containment containment;
    CHECK(world.run("setsid sleep 300 >/dev/null 2>&1 & echo $!").success());
    daemon = std::stoi(world.said);
    REQUIRE(daemon > 1);
    CHECK(kill(daemon, 0) == 0);
  }
  CHECK(kill(daemon, 0) != 0);
}

TEST_CASE("while buildpacks run no other user can look into this process") {
  const test::BuilderWorld world;
  const Containment containment;
  CHECK(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0);
}

TEST_CASE("a directory of exchange is the builder's user's and goes with its owner") {
  World world;
  std::filesystem::path path;
  {
    const lifecycle::ExchangeDirectory exchange(world.platform, "test");
    path = exchange.path();
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK(status.st_uid == world.platform.identity.user);
    CHECK((status.st_mode & 0777U) == 0700);
    base::write_file(path / "file", "text");
  }
  CHECK_FALSE(std::filesystem::exists(path));
}
