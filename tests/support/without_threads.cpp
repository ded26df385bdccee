#include "support/without_threads.hpp"

#include <array>
#include <exception>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace test {
namespace {

constexpr uid_t some_user = 54321;

std::string run_limited(const std::function<std::string()>& work) {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_NPROC, &none) != 0) return "the limit could not be set";
  if (geteuid() == 0 && setresuid(some_user, some_user, some_user) != 0) return "the user could not be changed";
  try {
    std::thread([] {}).join();
    return "no limit";
  } catch (const std::system_error&) {
    // As it should be.
  }
  try {
    return work();
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

}  // namespace

std::string without_threads(const std::function<std::string()>& work) {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return "no pipe";
  const pid_t child = fork();
  if (child < 0) return "no child";
  if (child == 0) {
    const auto text = run_limited(work);
    const auto written = write(ends[1], text.data(), text.size());
    _exit(written == static_cast<ssize_t>(text.size()) ? 0 : 1);
  }
  close(ends[1]);
  std::string result;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    result.append(buffer.data(), static_cast<std::size_t>(count));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? "ended by signal " + std::to_string(WTERMSIG(status)) : result;
}

}  // namespace test
