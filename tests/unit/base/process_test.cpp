#include "base/process.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <unistd.h>

#include "base/error.hpp"

using namespace std::chrono_literals;
using base::Command;

namespace {
Command shell(const std::string& script) {
  Command command;
  command.program = "/bin/sh";
  command.arguments = {"-c", script};
  command.environment = {{"PATH", "/usr/bin:/bin"}, {"ONLY", "this"}};
  return command;
}
}  // namespace

TEST_CASE("a child sees exactly the environment it was given") {
  const auto result = base::run(shell("env | grep -v '^PWD=\\|^_=\\|^SHLVL=\\|^OLDPWD='; exit 3"));
  CHECK(result.output.find("ONLY=this\n") != std::string::npos);
  CHECK(result.output.find("HOME=") == std::string::npos);
  CHECK(result.status.code == 3);
  CHECK(base::describe(result.status) == "exit status 3");
}

TEST_CASE("a program that is not there is an error that names it") {
  Command command;
  command.program = "/does/not/exist";
  CHECK_THROWS_AS(base::run(command), base::Error);
}

TEST_CASE("a background job of the child does not keep the parent waiting") {
  const auto start = std::chrono::steady_clock::now();
  const auto result = base::run(shell("sleep 30 & echo done"));
  CHECK(result.output == "done\n");
  CHECK(std::chrono::steady_clock::now() - start < 10s);
}

TEST_CASE("output beyond the limit is dropped and the child still ends") {
  const auto result = base::run(shell("head -c 3000000 /dev/zero"), 1000);
  CHECK(result.output.size() == 1000);
  CHECK(result.status.success());
}

TEST_CASE("a descriptor is passed at the number asked for and no other is open") {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  Command command = shell("echo hello >&3; ls /proc/self/fd | tr '\\n' ' '");
  command.descriptors = {{ends[1], 3}};
  const auto result = base::run(command);
  close(ends[1]);
  std::array<char, 16> buffer{};
  CHECK(std::string(buffer.data(), static_cast<std::size_t>(read(ends[0], buffer.data(), buffer.size()))) == "hello\n");
  close(ends[0]);
  CHECK(result.output.starts_with("0 1 2 3 "));
  CHECK(result.output.find(" 5") == std::string::npos);
}
