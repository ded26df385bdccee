#include "concourse/inputs.hpp"

#include "base/error.hpp"
#include "base/file.hpp"

namespace concourse {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

fs::path input_directory(const fs::path& inputs, const std::string& path, const std::string& field) {
  const fs::path relative(path);
  const auto fail = [&](const char* cause, std::string remedy) {
    throw Error(ErrorKind::usage, {"use " + field, path, cause, std::move(remedy)});
  };
  if (path.empty() || relative.is_absolute())
    fail("it is not a path below the inputs", "name an input of the put, as in " + field + ": app");
  std::error_code error;
  const auto root = fs::canonical(inputs, error);
  if (error) throw base::system_error("read", inputs.string(), error.value());
  const auto found = fs::canonical(root / relative, error);
  if (error) fail("there is no such directory", "check the put's inputs");
  const auto inside = found.lexically_relative(root);
  if (inside.empty() || *inside.begin() == "..") fail("it leaves the inputs", "name an input of the put");
  if (!fs::is_directory(found)) fail("it is not a directory", "name a directory");
  return found;
}

bool names_input(const fs::path& inputs, const std::string& path) {
  const fs::path relative(path);
  std::error_code error;
  return !path.empty() && !relative.is_absolute() && fs::is_directory(inputs / relative, error);
}

std::string first_line(const fs::path& file) {
  constexpr std::size_t longest_file = 4096;
  auto text = base::read_file_if_exists(file, longest_file).value_or("");
  return text.substr(0, text.find_first_of("\r\n"));
}

}  // namespace concourse
