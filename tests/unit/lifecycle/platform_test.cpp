#include "lifecycle/platform.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"

using lifecycle::FilesAsBuilder;
using lifecycle::Platform;

namespace {

using Variables = base::Environment::Variables;

class World {
 public:
  World() {
    chmod(directory.path().c_str(), 0755);
    base::write_file(directory.path() / "order.toml", "");
  }
  [[nodiscard]] Platform read(const Variables& variables) const {
    Platform defaults;
    defaults.cnb = directory.path();
    return lifecycle::read_platform(base::Environment(variables), defaults);
  }
  [[nodiscard]] std::string error(const Variables& variables) const {
    try {
      static_cast<void>(read(variables));
    } catch (const base::Error& error) {
      return error.what();
    }
    return "no error";
  }

  base::TemporaryDirectory directory{"platform-test"};
};

const Variables builder{{"CNB_USER_ID", "54321"}, {"CNB_GROUP_ID", "54322"}};

Variables with(Variables variables, const std::string& name, const std::string& value) {
  variables.insert_or_assign(name, value);
  return variables;
}

// The tests of this file become other users for a moment.
void require_root() {
  INFO("this test needs root, as a build does");
  REQUIRE(geteuid() == 0);
}

}  // namespace

TEST_CASE("a root without an order of buildpacks is not a builder, and the right type is named") {
  const World world;
  std::filesystem::remove(world.directory.path() / "order.toml");
  const auto error = world.error(builder);
  CHECK(error.find("order.toml") != std::string::npos);
  CHECK(error.find("build-service-builder") != std::string::npos);
}

TEST_CASE("a build by another user than root is refused with the reason") {
  require_root();
  const World world;
  REQUIRE(seteuid(65534) == 0);
  const auto error = world.error(builder);
  REQUIRE(seteuid(0) == 0);
  CHECK(error.starts_with("cannot build: this step runs as user 65534, not as root; set USER 0"));
}

TEST_CASE("the builder's user comes from the image's environment and is never root") {
  require_root();
  const World world;
  const auto platform = world.read(builder);
  CHECK(platform.identity.user == 54321);
  CHECK(platform.identity.group == 54322);
  CHECK(platform.home == "/");
  CHECK(world.error({}).starts_with("cannot build: CNB_USER_ID is not set; "));
  CHECK(world.error(with(builder, "CNB_GROUP_ID", "1000x"))
            .starts_with("cannot build: CNB_GROUP_ID is \"1000x\", which is not a number"));
  CHECK(world.error(with(builder, "CNB_USER_ID", "-1")).find("not a number") != std::string::npos);
  for (const auto* name : {"CNB_USER_ID", "CNB_GROUP_ID"}) {
    CHECK(world.error(with(builder, name, "0")).find("buildpacks never run as root") != std::string::npos);
  }
}

TEST_CASE("the home of the builder's user is that of etc/passwd") {
  require_root();
  CHECK(World().read(with(builder, "CNB_USER_ID", "65534")).home == "/nonexistent");
}

TEST_CASE("the Platform API is the newest where the image names none, and one that is not known is refused") {
  require_root();
  const World world;
  CHECK(world.read(builder).api == buildpacks::newest_platform_api);
  CHECK(world.read(with(builder, "CNB_PLATFORM_API", "0.12")).api.text() == "0.12");
  for (const auto* api : {"0.11", "9.9", "new"}) {
    CHECK(world.error(with(builder, "CNB_PLATFORM_API", api)).find("supported are 0.12 to 0.15") != std::string::npos);
  }
  CHECK(world.read(with(builder, "CNB_EXEC_ENV", "test")).execution_environment == "test");
}

TEST_CASE("a distribution is read from os-release, quoted or not") {
  const World world;
  const auto file = world.directory.path() / "os-release";
  base::write_file(file, "NAME=\"Debian GNU/Linux\"\nID=debian\nVERSION_ID=\"12\"\nHOME_URL=\"https://a/?b=c\"\n");
  CHECK(lifecycle::read_distribution(file) == buildpacks::Distribution{"debian", "12"});
  CHECK(lifecycle::read_distribution(world.directory.path() / "none") == buildpacks::Distribution{});
}

TEST_CASE("files are reached as the builder's user reaches them, for as long as it is said") {
  require_root();
  const World world;
  const auto secret = world.directory.path() / "secret";
  base::write_file(secret, "s3cret", 0600);
  {
    const FilesAsBuilder as_builder({54321, 54322});
    CHECK(access(secret.c_str(), F_OK) == 0);
    CHECK_THROWS_AS(base::read_file(secret), base::Error);
    { const FilesAsBuilder again({54321, 54322}); }
    CHECK_THROWS_AS(base::read_file(secret), base::Error);
  }
  CHECK(base::read_file(secret) == "s3cret");
}
