#include "launcher/start_command.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include "base/error.hpp"

using buildpacks::ApiVersion;
using Catch::Matchers::Message;
using launcher::Execution;
using launcher::Metadata;
using launcher::Process;
using launcher::start_command;
using Texts = std::vector<std::string>;

namespace {

constexpr ApiVersion old_platform{0, 9};
constexpr ApiVersion platform{0, 12};

// An image with one process, web.
Metadata image_with(const Texts& command, const Texts& arguments = {}, const std::string& buildpack_api = "0.10") {
  Process process;
  process.type = "web";
  process.command = command;
  process.arguments = arguments;
  process.buildpack = "example/app";
  return {{std::move(process)}, {{"example/app", buildpack_api}}};
}

Texts whole(const launcher::StartCommand& start) {
  Texts all = start.command;
  all.insert(all.end(), start.arguments.begin(), start.arguments.end());
  return all;
}

// The command with its arguments for "/cnb/process/web <users...>".
Texts started(const Metadata& metadata, const ApiVersion& api, const Texts& users) {
  Texts arguments = {"/cnb/process/web"};
  arguments.insert(arguments.end(), users.begin(), users.end());
  return whole(start_command(metadata, api, "production", arguments));
}

}  // namespace

TEST_CASE("the name the launcher is called by chooses the process") {
  auto metadata = image_with({"run"});
  metadata.processes[0].execution = Execution::direct;
  metadata.processes[0].working_directory = "/srv";
  for (const std::string self : {"/cnb/process/web", "web", "../web"}) {
    const auto start = start_command(metadata, platform, "production", {self});
    CHECK(start.type == "web");
    CHECK(start.command == Texts{"run"});
    CHECK(start.execution == Execution::direct);
    CHECK(start.working_directory == "/srv");
  }
}

TEST_CASE("before platform API 0.10 the user's arguments are appended") {
  const auto metadata = image_with({"run"}, {"a"});
  CHECK(started(metadata, old_platform, {}) == Texts{"run", "a"});
  CHECK(started(metadata, old_platform, {"b"}) == Texts{"run", "a", "b"});
}

TEST_CASE("since 0.10 several command entries are fixed and the user's arguments replace the others") {
  const auto metadata = image_with({"run", "fixed"}, {"a"});
  CHECK(started(metadata, platform, {}) == Texts{"run", "fixed", "a"});
  CHECK(started(metadata, platform, {"b", "c"}) == Texts{"run", "fixed", "b", "c"});
  CHECK(start_command(metadata, platform, "production", {"web"}).command == Texts{"run"});
}

TEST_CASE("since 0.10 a single command entry goes by the buildpack's API") {
  CHECK(started(image_with({"run"}, {"a"}, "0.8"), platform, {"b"}) == Texts{"run", "a", "b"});
  CHECK(started(image_with({"run"}, {"a"}, "0.9"), platform, {"b"}) == Texts{"run", "b"});
  CHECK(started(image_with({"run"}, {"a"}, "0.10"), platform, {"b"}) == Texts{"run", "b"});
  CHECK(started(image_with({"run"}, {"a"}, "0.10"), platform, {}) == Texts{"run", "a"});
}

TEST_CASE("arguments for a process whose buildpack the image does not name are refused") {
  auto metadata = image_with({"run"});
  metadata.buildpacks.clear();
  CHECK_THROWS_MATCHES(started(metadata, platform, {"b"}), base::Error,
                       Message("cannot launch process web: the image does not name its buildpack 'example/app'"));
  CHECK(started(metadata, platform, {}) == Texts{"run"});
}

TEST_CASE("under any other name the user's command is started, after -- directly") {
  const auto metadata = image_with({"run"});
  const auto shell = start_command(metadata, platform, "production", {"/cnb/lifecycle/launcher", "echo $A", "b"});
  CHECK(shell.type.empty());
  CHECK(whole(shell) == Texts{"echo $A", "b"});
  CHECK(shell.execution == Execution::shell);
  const auto direct = start_command(metadata, platform, "production", {"launcher", "--", "echo", "--", "b"});
  CHECK(whole(direct) == Texts{"echo", "--", "b"});
  CHECK(direct.execution == Execution::direct);
  // A lone "--" is a command like any other, as in the reference.
  CHECK(whole(start_command(metadata, platform, "production", {"launcher", "--"})) == Texts{"--"});
}

TEST_CASE("without a process and without a command there is nothing to start") {
  CHECK_THROWS_MATCHES(
      start_command({}, platform, "production", {"/cnb/lifecycle/launcher"}), base::Error,
      Message("cannot launch: no command is given and there is no process of the launcher's name; give a "
              "command, or run with entrypoint /cnb/process/<type>"));
}

TEST_CASE("a process is started in the execution environments that it is for") {
  constexpr ApiVersion newest{0, 15};
  auto metadata = image_with({"run"});
  metadata.processes[0].execution_environments = {"test"};
  CHECK_THROWS_MATCHES(start_command(metadata, newest, "production", {"web"}), base::Error,
                       Message("cannot launch process web: it is not for execution environment 'production'; set "
                               "CNB_EXEC_ENV to one that it is for"));
  CHECK(start_command(metadata, newest, "test", {"web"}).command == Texts{"run"});
  CHECK(start_command(metadata, platform, "production", {"web"}).command == Texts{"run"});  // exec-env is of 0.15
  metadata.processes.push_back(metadata.processes.front());
  metadata.processes.back().command = {"other"};
  metadata.processes.back().execution_environments = {"*"};
  CHECK(start_command(metadata, newest, "production", {"web"}).command == Texts{"other"});
}

TEST_CASE("a shell process with arguments needs its buildpack in the image") {
  launcher::StartCommand start;
  start.arguments = {"a"};
  start.buildpack = "example/app";
  CHECK_THROWS_AS(launcher::check_owner_is_known({}, start), base::Error);
  CHECK_NOTHROW(launcher::check_owner_is_known({{}, {{"example/app", "0.10"}}}, start));
  start.arguments.clear();
  CHECK_NOTHROW(launcher::check_owner_is_known({}, start));
}
