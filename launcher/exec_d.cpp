#include "launcher/exec_d.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file_descriptor.hpp"
#include "launcher/documents.hpp"
#include "launcher/files.hpp"

namespace launcher {
namespace {

constexpr int output_number = 3;
constexpr const char* run = "run exec.d program";

// Not base::Process: that one gives its children a process group of their own, which a terminal's Ctrl-C misses.
pid_t spawn(const std::string& program, std::vector<std::string>& environment, int output) {
  std::string name = program;
  std::array<char*, 2> arguments = {name.data(), nullptr};
  std::vector<char*> variables;
  for (auto& text : environment) variables.push_back(text.data());
  variables.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, output_number);  // also clears close-on-exec if it is 3 already
  pid_t child = -1;
  const int error = posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw base::system_error(run, program, error);
  return child;
}

void wait_for(pid_t child, const std::string& program) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw base::system_error(run, program, errno);
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string cause = WIFSIGNALED(status) ? "killed by signal " + std::to_string(WTERMSIG(status))
                                                : "exit status " + std::to_string(WEXITSTATUS(status));
  throw base::Error(base::ErrorKind::usage, {run, program, cause, ""});
}

}  // namespace

std::map<std::string, std::string> run_exec_d(const std::string& program, std::vector<std::string> environment) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw base::system_error("create", "a pipe", errno);
  const base::FileDescriptor read_end(ends[0]);
  base::FileDescriptor write_end(ends[1]);
  const pid_t child = spawn(program, environment, write_end.get());
  write_end.reset();
  const std::string output = read_all(read_end.get(), "the output of " + program);
  wait_for(child, program);
  return parse_exec_d_output(output, program);
}

}  // namespace launcher
