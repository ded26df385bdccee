// The environment a process is launched with: what the container has, changed by the layers of the buildpacks in their
// order (platform.md "Launch Environment", buildpack.md "Environment Variable Modification Rules").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/environment.hpp"

namespace launcher {

class Variables {
 public:
  // Leaves out what is for the launcher alone: its CNB_ variables, and its own folders on PATH.
  explicit Variables(const base::Environment& inherited);

  // The layer's bin comes first on PATH, its lib on LD_LIBRARY_PATH.
  void add_layer_root(const std::string& layer);
  // The files of a layer's env folder: <name> and <name>.<action>. Nothing happens when there is no such folder.
  void add_directory(const std::string& directory);
  void set(const std::string& name, std::string value) { values_[name] = std::move(value); }

  [[nodiscard]] std::string get(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> list() const;  // as execve() takes them

 private:
  void prepend(const std::string& name, const std::string& value, const std::string& delimiter);
  void append(const std::string& name, const std::string& value, const std::string& delimiter);

  base::Environment::Variables values_;
};

}  // namespace launcher
