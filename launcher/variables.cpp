#include "launcher/variables.hpp"

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "launcher/files.hpp"

namespace launcher {
namespace {

constexpr std::array<std::string_view, 5> dropped = {"CNB_APP_DIR", "CNB_DEPRECATION_MODE", "CNB_LAYERS_DIR",
                                                     "CNB_PLATFORM_API", "CNB_PROCESS_TYPE"};

std::string without_own_folders(std::string_view path) {
  std::string kept;
  bool first = true;
  while (true) {
    const auto colon = path.find(':');
    const auto folder = path.substr(0, colon);
    if (folder != "/cnb/process" && folder != "/cnb/lifecycle") {
      if (!first) kept += ':';
      kept += folder;
      first = false;
    }
    if (colon == std::string_view::npos) return kept;
    path.remove_prefix(colon + 1);
  }
}

std::string value_in(const std::string& file) {
  auto value = read_file(file);
  if (value.find('\0') != std::string::npos) {
    throw base::Error(base::ErrorKind::protocol, {"read", file, "an environment variable cannot hold a NUL byte", ""});
  }
  return value;
}

}  // namespace

Variables::Variables(const base::Environment& inherited) {
  for (const auto& [name, value] : inherited.variables()) {
    if (std::find(dropped.begin(), dropped.end(), name) != dropped.end()) continue;
    values_.emplace(name, name == "PATH" ? without_own_folders(value) : value);
  }
}

void Variables::add_layer_root(const std::string& layer) {
  if (exists(layer + "/bin")) prepend("PATH", layer + "/bin", ":");
  if (exists(layer + "/lib")) prepend("LD_LIBRARY_PATH", layer + "/lib", ":");
}

void Variables::add_directory(const std::string& directory) {
  for (const auto& file : list_files(directory)) {
    if (exists(file) && !is_file(file)) continue;  // a link to a folder
    const std::string entry = file.substr(directory.size() + 1);
    const auto dot = entry.find('.');
    const std::string name = entry.substr(0, dot);
    if (name.find('=') != std::string::npos) {
      // "A=B" would become a variable A.
      throw base::Error(base::ErrorKind::protocol, {"use", file, "a variable's name cannot have a \"=\"", ""});
    }
    const std::string action = dot == std::string::npos ? "override" : entry.substr(dot + 1);
    const std::string delimiter_file = directory + "/" + name + ".delim";
    const auto delimiter = [&] { return is_file(delimiter_file) ? value_in(delimiter_file) : std::string(); };
    if (name.empty()) continue;
    if (action == "override") set(name, value_in(file));
    if (action == "default" && get(name).empty()) set(name, value_in(file));
    if (action == "prepend") prepend(name, value_in(file), delimiter());
    if (action == "append") append(name, value_in(file), delimiter());
  }
}

std::string Variables::get(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::string() : found->second;
}

std::vector<std::string> Variables::list() const {
  std::vector<std::string> entries;
  for (const auto& [name, value] : values_) entries.push_back(name + "=" + value);
  return entries;
}

void Variables::prepend(const std::string& name, const std::string& value, const std::string& delimiter) {
  const std::string old = get(name);
  set(name, old.empty() ? value : value + delimiter + old);
}

void Variables::append(const std::string& name, const std::string& value, const std::string& delimiter) {
  const std::string old = get(name);
  set(name, old.empty() ? value : old + delimiter + value);
}

}  // namespace launcher
