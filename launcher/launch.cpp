#include "launcher/launch.hpp"

#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <unistd.h>

#include "base/error.hpp"
#include "buildpacks/api_version.hpp"
#include "launcher/documents.hpp"
#include "launcher/exec_d.hpp"
#include "launcher/files.hpp"
#include "launcher/shell.hpp"
#include "launcher/start_command.hpp"
#include "launcher/variables.hpp"

namespace launcher {
namespace {

using base::Error;
using base::ErrorKind;
using buildpacks::ApiVersion;

constexpr const char* layers_variable = "CNB_LAYERS_DIR";
constexpr const char* api_variable = "CNB_PLATFORM_API";

// An image keeps the API that it was built for, however old: the launcher knows more of them than the builder.
constexpr ApiVersion oldest_launched_platform_api{0, 7};

ApiVersion platform_api(const base::Environment& environment) {
  const std::string text = environment.get_or(api_variable, "");
  if (text.empty()) {
    throw Error(ErrorKind::usage,
                {"launch", "", std::string(api_variable) + " is not set", "set it as the image has it"});
  }
  const auto version = ApiVersion::parse(text);
  if (!version || *version < oldest_launched_platform_api || *version > buildpacks::newest_platform_api) {
    throw Error(ErrorKind::usage, {"launch", "", "platform API '" + text + "' is unknown", "0.7 to 0.15 are known"});
  }
  return *version;
}

void check_buildpack_apis(const Metadata& metadata) {
  for (const auto& buildpack : metadata.buildpacks) {
    const auto version = ApiVersion::parse(buildpack.api);
    if (version && *version >= buildpacks::oldest_buildpack_api && *version <= buildpacks::newest_buildpack_api)
      continue;
    throw Error(ErrorKind::usage, {"launch a process of buildpack", buildpack.id,
                                   "its buildpack API '" + buildpack.api + "' is unknown", "0.7 to 0.12 are known"});
  }
}

void say(const std::string& line) {
  const std::string text = line + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
}

void warn_of_process_type(const base::Environment& environment) {
  const auto type = environment.get_or("CNB_PROCESS_TYPE", "");
  if (type.empty()) return;
  say("warning: CNB_PROCESS_TYPE chooses no process; run with entrypoint /cnb/process/" + base::printable(type));
}

void enter(const std::string& directory) {
  if (chdir(directory.c_str()) != 0) throw base::system_error("enter directory", directory, errno);
}

// Buildpacks in the order in which they built; each one's layers by name.
std::vector<std::vector<std::string>> layers_by_buildpack(const Metadata& metadata, const std::string& layers) {
  std::vector<std::vector<std::string>> result;
  for (const auto& buildpack : metadata.buildpacks) {
    std::string folder = buildpack.id;
    for (char& letter : folder) letter = letter == '/' ? '_' : letter;
    result.push_back(list_directories(layers + "/" + folder));
  }
  return result;
}

using LayerFolder = std::vector<std::string>;

// The files of <layer>/<folder>, then those of <layer>/<folder>/<type>.
LayerFolder files_for(const std::string& layer, const std::string& folder, const std::string& type) {
  LayerFolder files = list_files(layer + "/" + folder);
  if (type.empty()) return files;
  for (auto& file : list_files(layer + "/" + folder + "/" + type)) files.push_back(std::move(file));
  return files;
}

// Of each buildpack the roots of all layers come before any of its variables: a variable may overrule PATH.
void apply_layers(Variables& variables, const std::vector<std::vector<std::string>>& buildpacks,
                  const std::string& type) {
  for (const auto& layers : buildpacks) {
    for (const auto& layer : layers) variables.add_layer_root(layer);
    for (const auto& layer : layers) {
      variables.add_directory(layer + "/env");
      variables.add_directory(layer + "/env.launch");
      if (!type.empty()) variables.add_directory(layer + "/env.launch/" + type);
    }
  }
}

void apply_exec_d(Variables& variables, const std::vector<std::vector<std::string>>& buildpacks,
                  const std::string& type) {
  for (const auto& layers : buildpacks) {
    for (const auto& layer : layers) {
      for (const auto& program : files_for(layer, "exec.d", type)) {
        for (auto& [name, value] : run_exec_d(program, variables.list())) variables.set(name, std::move(value));
      }
    }
  }
}

std::vector<std::string> profiles(const std::vector<std::vector<std::string>>& buildpacks, const std::string& type) {
  std::vector<std::string> scripts;
  for (const auto& layers : buildpacks) {
    for (const auto& layer : layers) {
      for (auto& script : files_for(layer, "profile.d", type)) scripts.push_back(std::move(script));
    }
  }
  if (is_file(".profile")) scripts.emplace_back(".profile");  // the application's own
  return scripts;
}

[[noreturn]] void replace_by(const std::string& program, std::vector<std::string> arguments,
                             std::vector<std::string> environment) {
  std::vector<char*> argument_pointers;
  for (auto& text : arguments) argument_pointers.push_back(text.data());
  argument_pointers.push_back(nullptr);
  std::vector<char*> environment_pointers;
  for (auto& text : environment) environment_pointers.push_back(text.data());
  environment_pointers.push_back(nullptr);
  execve(program.c_str(), argument_pointers.data(), environment_pointers.data());
  throw base::system_error("start", program, errno);
}

[[noreturn]] void start_directly(const StartCommand& command, const std::string& directory,
                                 const Variables& variables) {
  const auto& name = command.command.front();
  const auto program = find_program(name, variables.get("PATH"));
  if (!program) {
    throw Error(ErrorKind::usage, {"launch", name, "there is no such program in PATH", "check the process's command"});
  }
  auto arguments = command.command;
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  enter(directory);
  replace_by(*program, std::move(arguments), variables.list());
}

[[noreturn]] void start(const Metadata& metadata, const StartCommand& command, const std::string& self,
                        const base::Environment& environment) {
  const std::string application = environment.get_or("CNB_APP_DIR", "/workspace");
  const auto buildpacks = layers_by_buildpack(metadata, environment.get_or(layers_variable, "/layers"));
  enter(application);
  Variables variables(environment);
  apply_layers(variables, buildpacks, command.type);
  apply_exec_d(variables, buildpacks, command.type);
  const auto directory = command.working_directory.empty() ? application : command.working_directory;
  if (command.command.empty() || command.command.front().empty()) {
    throw Error(ErrorKind::usage, {"launch process", command.type, "it has no command", ""});
  }
  if (command.execution == Execution::direct) start_directly(command, directory, variables);
  check_owner_is_known(metadata, command);
  replace_by("/bin/bash", shell_arguments(command, profiles(buildpacks, command.type), directory, self),
             variables.list());
}

}  // namespace

int launch(const std::vector<std::string>& arguments, const base::Environment& environment) {
  int status = 0;  // what an error of the present step means
  try {
    status = 11;
    const ApiVersion platform = platform_api(environment);
    status = 1;
    const Metadata metadata =
        parse_metadata(read_file(environment.get_or(layers_variable, "/layers") + "/config/metadata.toml"));
    status = 12;
    check_buildpack_apis(metadata);
    status = 82;
    warn_of_process_type(environment);
    const auto command = start_command(metadata, platform, environment.get_or("CNB_EXEC_ENV", "production"), arguments);
    start(metadata, command, arguments.empty() ? "launcher" : arguments.front(), environment);
  } catch (const std::exception& error) {
    say(std::string("launcher: ") + error.what());
  }
  return status;
}

}  // namespace launcher
