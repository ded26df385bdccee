#include "launcher/shell.hpp"

namespace launcher {
namespace {

std::string joined(const std::vector<std::string>& entries) {
  std::string text;
  for (const auto& entry : entries) text += (text.empty() ? "" : " ") + entry;
  return text;
}

// A word after one evaluation. The reference lets `eval echo` print it, which takes a word -n or -e for an option of
// its own and gives nothing; what echo would join by blanks, "$*" joins so, too.
std::string evaluated(const std::string& parameter) {
  return R"sh("$(eval set -- \")sh" + parameter + R"sh(\" && printf %s "$*")")sh";
}

// A second bash evaluates the command and each argument once, so that they may name variables: `echo "$MESSAGE"`. It is
// one simple command, which bash becomes instead of waiting for it.
std::string evaluation(std::size_t arguments) {
  std::string script = evaluated("$0");
  for (std::size_t i = 1; i <= arguments; ++i) script += " " + evaluated("${" + std::to_string(i) + "}");
  return "exec bash -c '" + script + R"(' "${@:1}")";
}

}  // namespace

// But for evaluated(), the words are the reference's to the letter: processes in the field rely on its quoting.
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
