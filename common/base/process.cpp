#include "base/process.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <fmt/format.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/termination.hpp"

namespace base {
namespace {

struct Pipe {
  FileDescriptor read_end;
  FileDescriptor write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("create", "a pipe", errno);
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Everything the child needs after fork(), made before it: between fork and exec only async-signal-safe calls are
// allowed, since other threads of the parent may hold any lock.
struct Prepared {
  std::string program;
  std::string directory;
  std::vector<std::string> argument_texts;
  std::vector<std::string> environment_texts;
  std::vector<char*> arguments;
  std::vector<char*> environment;
  std::vector<std::pair<int, int>> descriptors;  // {ours, the child's}
  std::optional<Identity> identity;
  int highest_target = 2;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

[[noreturn]] void fail_in_child(int report) {
  const int error_number = errno;
  [[maybe_unused]] const ssize_t written = write(report, &error_number, sizeof error_number);
  _exit(127);
}

void become(const Identity& identity, int report) {
  const struct rlimit no_core { 0, 0 };
  setrlimit(RLIMIT_CORE, &no_core);
  if (geteuid() == 0 && setgroups(0, nullptr) != 0) fail_in_child(report);
  if (setresgid(identity.group, identity.group, identity.group) != 0) fail_in_child(report);
  if (setresuid(identity.user, identity.user, identity.user) != 0) fail_in_child(report);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail_in_child(report);
}

// Moves descriptors out of the way of the targets first, so that no dup2 overwrites one still needed.
void place_descriptors(const Prepared& prepared, int& report) {
  const int floor = prepared.highest_target + 1;
  report = fcntl(report, F_DUPFD_CLOEXEC, floor);
  std::array<int, 16> moved{};
  std::size_t count = 0;
  for (const auto& [ours, target] : prepared.descriptors) {
    moved.at(count) = fcntl(ours, F_DUPFD_CLOEXEC, floor);
    if (moved.at(count) < 0) fail_in_child(report);
    ++count;
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (dup2(moved.at(i), prepared.descriptors[i].second) < 0) fail_in_child(report);
  }
}

void close_others(const Prepared& prepared, int report) {
  // CLOEXEC covers our own descriptors; this covers what a library opened without it. The report pipe lies above.
  unsigned next = 3;
  for (int target = 3; target <= prepared.highest_target; ++target) {
    bool wanted = false;
    for (const auto& [ours, number] : prepared.descriptors) wanted = wanted || number == target;
    if (!wanted) close(target);
    next = static_cast<unsigned>(target) + 1;
  }
  if (static_cast<unsigned>(report) > next) syscall(SYS_close_range, next, static_cast<unsigned>(report) - 1, 0U);
  syscall(SYS_close_range, static_cast<unsigned>(report) + 1, ~0U, 0U);
}

[[noreturn]] void run_child(const Prepared& prepared, int report) {
  setpgid(0, 0);
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  place_descriptors(prepared, report);
  close_others(prepared, report);
  if (prepared.identity) become(*prepared.identity, report);
  if (chdir(prepared.directory.c_str()) != 0) fail_in_child(report);
  execve(prepared.program.c_str(), prepared.arguments.data(), prepared.environment.data());
  fail_in_child(report);
}

Prepared prepare(const Command& command) {
  Prepared prepared;
  const auto path = command.environment.find("PATH");
  const auto found = command.program.is_absolute() || path == command.environment.end()
                         ? command.program
                         : find_program(command.program.string(), path->second).value_or(command.program);
  prepared.program = found.string();
  prepared.directory = command.directory.string();
  prepared.argument_texts.push_back(command.program.string());
  prepared.argument_texts.insert(prepared.argument_texts.end(), command.arguments.begin(), command.arguments.end());
  for (const auto& [name, value] : command.environment) prepared.environment_texts.push_back(name + "=" + value);
  prepared.arguments = pointers(prepared.argument_texts);
  prepared.environment = pointers(prepared.environment_texts);
  prepared.identity = command.identity;
  return prepared;
}

ExitStatus to_status(int raw) {
  ExitStatus status;
  if (WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
  if (WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
  return status;
}

// Gives a stream of the child its descriptor and returns our end.
FileDescriptor connect(Stream stream, int number, Prepared& prepared, std::vector<FileDescriptor>& keep) {
  if (stream == Stream::inherit) {
    prepared.descriptors.emplace_back(number, number);
    return {};
  }
  if (stream == Stream::null) {
    keep.emplace_back(open("/dev/null", (number == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC));
    if (!keep.back()) throw system_error("open", "/dev/null", errno);
    prepared.descriptors.emplace_back(keep.back().get(), number);
    return {};
  }
  Pipe pipe = make_pipe();
  keep.push_back(std::move(number == 0 ? pipe.read_end : pipe.write_end));
  prepared.descriptors.emplace_back(keep.back().get(), number);
  return std::move(number == 0 ? pipe.write_end : pipe.read_end);
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

// Reads once from a descriptor that poll() named; false at its end.
bool drain(int descriptor, const Process::Sink& sink) {
  std::array<char, 16384> buffer{};
  const ssize_t count = read(descriptor, buffer.data(), buffer.size());
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  if (count > 0 && sink) sink({buffer.data(), static_cast<std::size_t>(count)});
  return count > 0;
}

}  // namespace

std::string describe(const ExitStatus& status) {
  return status.signal != 0 ? fmt::format("killed by signal {}", status.signal)
                            : fmt::format("exit status {}", status.code);
}

Process::Process(const Command& command) {
  Prepared prepared = prepare(command);
  std::vector<FileDescriptor> keep;
  input_ = connect(command.input, STDIN_FILENO, prepared, keep);
  output_ = connect(command.output, STDOUT_FILENO, prepared, keep);
  errors_ = connect(command.errors, STDERR_FILENO, prepared, keep);
  for (const auto& descriptor : command.descriptors) {
    prepared.descriptors.push_back(descriptor);
    prepared.highest_target = std::max(prepared.highest_target, descriptor.second);
  }
  Pipe report = make_pipe();
  pid_ = fork();
  if (pid_ < 0) throw system_error("start", command.program.string(), errno);
  if (pid_ == 0) run_child(prepared, report.write_end.release());
  setpgid(pid_, pid_);  // in both, so that neither order loses
  report.write_end.reset();
  int error_number = 0;
  ssize_t count = 0;
  do count = read(report.read_end.get(), &error_number, sizeof error_number);
  while (count < 0 && errno == EINTR);
  if (count == static_cast<ssize_t>(sizeof error_number)) {
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
    throw system_error("start", command.program.string(), error_number);
  }
}

Process::Process(Process&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)) {}

Process::~Process() {
  if (pid_ < 0) return;
  kill(-pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  std::chrono::milliseconds pause(1);
  while (true) {
    throw_if_terminated();
    int raw = 0;
    const pid_t ended = waitpid(pid_, &raw, WNOHANG);
    if (ended == pid_) {
      // What the child left running in its group (daemons, background jobs) ends with it.
      kill(-pid_, SIGKILL);
      pid_ = -1;
      return to_status(raw);
    }
    if (ended < 0 && errno != EINTR) throw system_error("wait for", "a child process", errno);
    if (std::chrono::steady_clock::now() >= end) return std::nullopt;
    wait_or_throw(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(20));
  }
}

ExitStatus Process::communicate(const Sink& on_output, const Sink& on_errors,
                                std::optional<std::chrono::seconds> limit) {
  const auto begin = std::chrono::steady_clock::now();
  bool output_open = static_cast<bool>(output_);
  bool errors_open = static_cast<bool>(errors_);
  while (output_open || errors_open) {
    std::array<struct pollfd, 3> polled{{{output_open ? output_.get() : -1, POLLIN, 0},
                                         {errors_open ? errors_.get() : -1, POLLIN, 0},
                                         {termination_descriptor(), POLLIN, 0}}};
    const int ready = poll(polled.data(), polled.size(), 200);
    if (ready < 0 && errno != EINTR) throw system_error("read", "a child's output", errno);
    throw_if_terminated();
    if (limit && std::chrono::steady_clock::now() - begin > *limit) {
      throw Error(ErrorKind::transient,
                  {"run", "a program", fmt::format("it did not end within {} seconds", limit->count()), ""});
    }
    // A daemon that the child left behind may hold its output open for ever: quiet after the child's end is the end.
    if (ready == 0 && has_ended(pid_)) break;
    if (polled[0].revents != 0) output_open = drain(output_.get(), on_output);
    if (polled[1].revents != 0) errors_open = drain(errors_.get(), on_errors);
  }
  return wait().value_or(ExitStatus{.code = 0, .signal = SIGKILL});
}

Captured run(Command command, std::size_t limit, std::optional<std::chrono::seconds> time) {
  command.output = Stream::pipe;
  command.errors = Stream::pipe;
  Process process(command);
  Captured captured;
  const auto keep = [limit](std::string& text) {
    return [&text, limit](std::string_view bytes) { text += bytes.substr(0, limit - std::min(limit, text.size())); };
  };
  captured.status = process.communicate(keep(captured.output), keep(captured.errors), time);
  return captured;
}

std::optional<std::filesystem::path> find_program(std::string_view name, std::string_view path) {
  while (!path.empty()) {
    const auto colon = path.find(':');
    const std::filesystem::path directory(path.substr(0, colon));
    path = colon == std::string_view::npos ? std::string_view() : path.substr(colon + 1);
    auto candidate = directory / name;
    std::error_code ignored;
    if (directory.is_absolute() && std::filesystem::is_regular_file(candidate, ignored) &&
        access(candidate.c_str(), X_OK) == 0) {
      return candidate;
    }
  }
  return std::nullopt;
}

}  // namespace base
