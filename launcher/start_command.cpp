#include "launcher/start_command.hpp"

#include <algorithm>
#include <optional>

#include "base/error.hpp"

namespace launcher {
namespace {

using base::Error;
using base::ErrorKind;
using buildpacks::ApiVersion;
using Texts = std::vector<std::string>;

constexpr ApiVersion arguments_are_replaced{0, 9};        // Buildpack API
constexpr ApiVersion command_has_fixed_arguments{0, 10};  // Platform API
constexpr ApiVersion processes_are_chosen{0, 15};         // Platform API: by execution environment

std::string last_element(const std::string& path) { return path.substr(path.rfind('/') + 1); }

bool runs_in(const Process& process, const std::string& environment, const ApiVersion& platform) {
  const auto& wanted = process.execution_environments;
  return platform < processes_are_chosen || wanted.empty() ||
         std::any_of(wanted.begin(), wanted.end(),
                     [&](const std::string& name) { return name == environment || name == "*"; });
}

const Buildpack* find_buildpack(const Metadata& metadata, const std::string& id) {
  const auto found = std::find_if(metadata.buildpacks.begin(), metadata.buildpacks.end(),
                                  [&](const Buildpack& buildpack) { return buildpack.id == id; });
  return found == metadata.buildpacks.end() ? nullptr : &*found;
}

const Buildpack& owner_of(const Metadata& metadata, const std::string& type, const std::string& id) {
  const auto* buildpack = find_buildpack(metadata, id);
  if (buildpack != nullptr) return *buildpack;
  throw Error(ErrorKind::usage, {"launch process", type, "the image does not name its buildpack '" + id + "'", ""});
}

void append(Texts& to, const Texts& from) { to.insert(to.end(), from.begin(), from.end()); }

// Several entries in a command: all but the first are arguments that stay, whatever the user gives.
void add_user_arguments(StartCommand& start, const Metadata& metadata, const ApiVersion& platform, const Texts& users) {
  if (platform < command_has_fixed_arguments) {
    append(start.arguments, users);
  } else if (start.command.size() > 1) {
    Texts arguments(start.command.begin() + 1, start.command.end());
    append(arguments, users.empty() ? start.arguments : users);
    start.command.resize(1);
    start.arguments = std::move(arguments);
  } else if (!users.empty()) {
    const auto api = ApiVersion::parse(owner_of(metadata, start.type, start.buildpack).api);
    if (api && *api >= arguments_are_replaced) start.arguments.clear();
    append(start.arguments, users);
  }
}

StartCommand users_command(const Texts& users) {
  if (users.empty()) {
    throw Error(ErrorKind::usage, {"launch", "", "no command is given and there is no process of the launcher's name",
                                   "give a command, or run with entrypoint /cnb/process/<type>"});
  }
  StartCommand start;
  const bool direct = users.size() > 1 && users.front() == "--";
  start.execution = direct ? Execution::direct : Execution::shell;
  const auto command = users.begin() + (direct ? 1 : 0);
  start.command = {*command};
  start.arguments.assign(command + 1, users.end());
  return start;
}

}  // namespace

StartCommand start_command(const Metadata& metadata, const ApiVersion& platform,
                           const std::string& execution_environment, const Texts& arguments) {
  const std::string type = arguments.empty() ? "" : last_element(arguments.front());
  const Texts users(arguments.begin() + (arguments.empty() ? 0 : 1), arguments.end());
  const auto& all = metadata.processes;
  const auto has_type = [&](const Process& process) { return process.type == type; };
  if (type.empty() || std::none_of(all.begin(), all.end(), has_type)) return users_command(users);
  const auto found = std::find_if(all.begin(), all.end(), [&](const Process& process) {
    return has_type(process) && runs_in(process, execution_environment, platform);
  });
  if (found == all.end()) {
    throw Error(ErrorKind::usage,
                {"launch process", type, "it is not for execution environment '" + execution_environment + "'",
                 "set CNB_EXEC_ENV to one that it is for"});
  }
  StartCommand start{.type = found->type,
                     .command = found->command,
                     .arguments = found->arguments,
                     .execution = found->execution,
                     .buildpack = found->buildpack,
                     .working_directory = found->working_directory};
  add_user_arguments(start, metadata, platform, users);
  return start;
}

void check_owner_is_known(const Metadata& metadata, const StartCommand& command) {
  if (command.arguments.empty() || command.buildpack.empty()) return;
  static_cast<void>(owner_of(metadata, command.type, command.buildpack));
}

}  // namespace launcher
