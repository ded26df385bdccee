#include "launcher/shell.hpp"

namespace launcher {
namespace {

std::string joined(const std::vector<std::string>& entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : " ") + entry;
  return text;
}

// A second bash evaluates the command and each argument once, so that they may name variables: `echo "$MESSAGE"`.
std::string evaluation(std::size_t arguments) {
  std::string script = R"sh("$(eval echo \"$0\")")sh";
  for (std::size_t i = 1; i <= arguments; ++i)
    script += R"sh( "$(eval echo \"${)sh" + std::to_string(i) + R"sh(}\")")sh";
  return "exec bash -c '" + script + R"(' "${@:1}")";
}

}  // namespace

// The words are the specification's reference behaviour to the letter: processes in the field rely on its quoting.
std::vector<std::string> shell_arguments(const StartCommand& command, const std::vector<std::string>& profiles,
                                         const std::string& directory, const std::string& self) {
  std::string script;
  for (const auto& profile : profiles) script += "source \"" + profile + "\"\n";
  script += "cd \"" + directory + "\"\n";
  script += command.arguments.empty() ? R"(exec bash -c "$@")" : evaluation(command.arguments.size());
  std::vector<std::string> arguments = {"bash", "-c", script, self, joined(command.command)};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  return arguments;
}

}  // namespace launcher
