#include "launcher/shell.hpp"

#include <catch2/catch_test_macros.hpp>

using launcher::shell_arguments;
using launcher::StartCommand;
using Texts = std::vector<std::string>;

namespace {

StartCommand shell_command(const Texts& command, const Texts& arguments = {}) {
  StartCommand start;
  start.command = command;
  start.arguments = arguments;
  return start;
}

}  // namespace

TEST_CASE("a command without arguments is a script for bash") {
  const auto command = shell_command({"echo $A && exec run"});
  CHECK(shell_arguments(command, {}, "/workspace", "/cnb/process/web") ==
        Texts{"bash", "-c", "cd \"/workspace\"\nexec bash -c \"$@\"", "/cnb/process/web", "echo $A && exec run"});
}

TEST_CASE("profile scripts are sourced before the working directory is entered") {
  const auto command = shell_command({"run"});
  const auto arguments = shell_arguments(command, {"/layers/a/b/profile.d/x", ".profile"}, "/srv", "launcher");
  CHECK(arguments[2] == "source \"/layers/a/b/profile.d/x\"\nsource \".profile\"\ncd \"/srv\"\nexec bash -c \"$@\"");
}

TEST_CASE("arguments are evaluated once, each as one word") {
  const auto command = shell_command({"run"}, {"$A", "b c"});
  const std::string script = R"sh(cd "/workspace"
exec bash -c '"$(eval set -- \"$0\" && printf %s "$*")" "$(eval set -- \"${1}\" && printf %s "$*")" )sh"
                             R"sh("$(eval set -- \"${2}\" && printf %s "$*")"' "${@:1}")sh";
  CHECK(shell_arguments(command, {}, "/workspace", "self") == Texts{"bash", "-c", script, "self", "run", "$A", "b c"});
}
