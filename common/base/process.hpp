// Child processes, without a shell: arguments are a vector, the environment is exactly what is given, descriptors
// above 2 are closed but for those passed on. A child leads its own process group, and the group is killed when the
// Process ends before it.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "base/file_descriptor.hpp"

namespace base {

// Whom a child runs as. Supplementary groups are dropped; no_new_privs is set, so that no setuid program gives
// anything back; core dumps are off.
struct Identity {
  uid_t user;
  gid_t group;
};

enum class Stream { null, inherit, pipe };

struct Command {
  std::filesystem::path program;       // absolute, or found in the PATH of `environment`
  std::vector<std::string> arguments;  // without argv[0]
  std::map<std::string, std::string, std::less<>> environment;
  std::filesystem::path directory = "/";
  std::optional<Identity> identity;
  Stream input = Stream::null;
  Stream output = Stream::pipe;
  Stream errors = Stream::pipe;
  // For descriptors that a program expects at fixed numbers (3 for exec.d): {ours, number in the child}.
  std::vector<std::pair<int, int>> descriptors;
};

struct ExitStatus {
  int code = 0;    // of exit()
  int signal = 0;  // that ended it, or 0
  [[nodiscard]] bool success() const { return code == 0 && signal == 0; }
};

// "exit status 3" or "killed by signal 9".
[[nodiscard]] std::string describe(const ExitStatus& status);

class Process {
 public:
  // Error{usage} when the program does not exist or cannot be executed.
  explicit Process(const Command& command);
  ~Process();
  Process(Process&& other) noexcept;
  Process& operator=(Process&&) = delete;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Our ends of the pipes; empty where the stream is not a pipe. close_input() lets the child see the end of its input.
  [[nodiscard]] int input() const { return input_.get(); }
  [[nodiscard]] int output() const { return output_.get(); }
  [[nodiscard]] int errors() const { return errors_.get(); }
  void close_input() { input_.reset(); }

  // Reads both outputs until they end and waits for the child. Aborted on termination, {transient} when it has
  // not ended within `limit`.
  using Sink = std::function<void(std::string_view)>;
  [[nodiscard]] ExitStatus communicate(const Sink& on_output, const Sink& on_errors,
                                       std::optional<std::chrono::seconds> limit = std::nullopt);
  // Waits without reading. Aborted on termination; nothing when `limit` passes before the child ends.
  [[nodiscard]] std::optional<ExitStatus> wait(std::chrono::milliseconds limit = std::chrono::hours(24));

 private:
  pid_t pid_ = -1;
  FileDescriptor input_;
  FileDescriptor output_;
  FileDescriptor errors_;
};

struct Captured {
  ExitStatus status;
  std::string output;
  std::string errors;
};

// Runs a command to its end and keeps at most `limit` bytes of each output (the rest is read and dropped).
[[nodiscard]] Captured run(Command command, std::size_t limit = 1UL << 20U,
                           std::optional<std::chrono::seconds> time = std::nullopt);

// The file that `name` means in a PATH; nothing when there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_program(std::string_view name, std::string_view path);

}  // namespace base
