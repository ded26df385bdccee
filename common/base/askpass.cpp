#include "base/askpass.hpp"

#include <cerrno>
#include <filesystem>

#include "base/error.hpp"
#include "base/file.hpp"

namespace base {

std::string askpass_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw system_error("find", "the running program", error.value());
  return path.string();
}

bool answer_askpass(const Environment& environment, std::ostream& output) {
  const auto file = environment.get(askpass_variable);
  if (!file) return false;
  // A program that is gone has taken its file along: no answer, and ssh says that the passphrase is wrong.
  output << read_file_if_exists(*file, 64UL * 1024).value_or("") << '\n' << std::flush;
  return true;
}

}  // namespace base
