#include "launcher/exec_d.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

#include "base/error.hpp"
#include "base/file.hpp"

using Catch::Matchers::Message;

namespace {

class Program {
 public:
  explicit Program(const std::string& script) { base::write_file(path(), "#!/bin/sh\n" + script, 0755); }
  [[nodiscard]] std::string path() const { return (directory_.path() / "program").string(); }

 private:
  base::TemporaryDirectory directory_{"exec-d"};
};

}  // namespace

TEST_CASE("an exec.d program sees the environment and sets variables on descriptor 3") {
  const Program program("echo \"B = \\\"$A and more\\\"\" >&3\n");
  CHECK(launcher::run_exec_d(program.path(), {"A=a"}) == std::map<std::string, std::string>{{"B", "a and more"}});
}

TEST_CASE("an exec.d program may write nothing") {
  CHECK(launcher::run_exec_d(Program("exit 0\n").path(), {}).empty());
}

TEST_CASE("an exec.d program reads nothing of the process's input") {
  CHECK(launcher::run_exec_d(Program("cat && echo 'A = \"read\"' >&3\n").path(), {"PATH=/bin"}).at("A") == "read");
}

TEST_CASE("an exec.d program that fails stops the launch") {
  const Program failing("echo 'A = \"x\"' >&3\nexit 7\n");
  CHECK_THROWS_MATCHES(launcher::run_exec_d(failing.path(), {}), base::Error,
                       Message("cannot run exec.d program " + failing.path() + ": exit status 7"));
  const Program killed("kill -9 $$\n");
  CHECK_THROWS_MATCHES(launcher::run_exec_d(killed.path(), {}), base::Error,
                       Message("cannot run exec.d program " + killed.path() + ": killed by signal 9"));
  CHECK_THROWS_MATCHES(launcher::run_exec_d("/nonexistent", {}), base::Error,
                       Message("cannot run exec.d program /nonexistent: No such file or directory"));
}
