#include "lifecycle/executor.hpp"

#include <charconv>
#include <csignal>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"

namespace lifecycle {
namespace {

// The parent of a process, from /proc/<pid>/stat: "pid (name) state parent ...", where the name may hold anything.
std::optional<pid_t> parent_of(const std::string& pid) {
  std::optional<std::string> stat;
  try {
    stat = base::read_file_if_exists("/proc/" + pid + "/stat", 4096);
  } catch (const base::Error&) {
    // It ended between the opening and the reading (ESRCH); whoever asks is a destructor, which may not throw.
    return std::nullopt;
  }
  if (!stat) return std::nullopt;
  const auto end = stat->rfind(')');
  if (end == std::string::npos || end + 4 >= stat->size()) return std::nullopt;
  pid_t parent = 0;
  const auto [next, error] = std::from_chars(stat->data() + end + 4, stat->data() + stat->size(), parent);
  return error == std::errc() ? std::optional(parent) : std::nullopt;
}

std::vector<pid_t> children() {
  std::vector<pid_t> result;
  std::error_code error;
  // Step by step with `error`, since an iterator throws where it is only incremented.
  for (std::filesystem::directory_iterator entry("/proc", error), end_of_list; !error && entry != end_of_list;
       entry.increment(error)) {
    const auto name = entry->path().filename().string();
    pid_t pid = 0;
    const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (failure != std::errc() || end != name.data() + name.size()) continue;
    if (parent_of(name) == getpid()) result.push_back(pid);
  }
  return result;
}

}  // namespace

Containment::Containment() {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

Containment::~Containment() {
  // The children of a killed process become ours in turn.
  for (int round = 0; round < 100; ++round) {
    const auto left = children();
    if (left.empty()) break;
    for (const pid_t pid : left) kill(pid, SIGKILL);
    for (const pid_t pid : left) waitpid(pid, nullptr, 0);
  }
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

base::ExitStatus execute(const Platform& platform, const Run& run,
                         const std::function<void(std::string_view)>& output) {
  base::Command command;
  command.program = run.program;
  command.arguments = run.arguments;
  command.environment = run.variables;
  command.directory = platform.application;
  command.identity = platform.identity;
  base::Process process(command);
  return process.communicate(output, output);
}

ExchangeDirectory::ExchangeDirectory(const Platform& platform, std::string_view purpose) : directory_(purpose, "/tmp") {
  if (chown(path().c_str(), platform.identity.user, platform.identity.group) != 0) {
    throw base::system_error("give away", path().string(), errno);
  }
}

}  // namespace lifecycle
