#include "lifecycle/environment.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;

constexpr std::array allowed = {"CNB_STACK_ID",  "HOSTNAME",       "HTTPS_PROXY", "https_proxy", "HTTP_PROXY",
                                "http_proxy",    "NO_PROXY",       "no_proxy",    "ALL_PROXY",   "all_proxy",
                                "SSL_CERT_FILE", "SSL_CERT_DIR",   "PATH",        "CPATH",       "LD_LIBRARY_PATH",
                                "LIBRARY_PATH",  "PKG_CONFIG_PATH"};

const std::vector<std::pair<std::string, std::vector<std::string>>>& path_variables() {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> variables = {
      {"bin", {"PATH"}},
      {"lib", {"LD_LIBRARY_PATH", "LIBRARY_PATH"}},
      {"include", {"CPATH"}},
      {"pkgconfig", {"PKG_CONFIG_PATH"}}};
  return variables;
}

bool is_path_variable(const std::string& name) {
  const auto& all = path_variables();
  return std::any_of(all.begin(), all.end(), [&](const auto& entry) {
    return std::find(entry.second.begin(), entry.second.end(), name) != entry.second.end();
  });
}

void prepend(Variables& variables, const std::string& name, const std::string& value, const std::string& delimiter) {
  const auto& old = variables[name];
  variables[name] = old.empty() ? value : value + delimiter + old;
}

void append(Variables& variables, const std::string& name, const std::string& value, const std::string& delimiter) {
  const auto& old = variables[name];
  variables[name] = old.empty() ? value : old + delimiter + value;
}

// The files of a folder in the order of their names; what is not a file (also behind a link) is passed over.
void for_each_file(const fs::path& directory,
                   const std::function<void(const std::string&, const std::string&)>& visit) {
  for (const auto& file : base::entries_if_exists(directory)) {
    if (!base::is_regular_file(file)) continue;
    const auto value = base::read_file(file, 1ULL << 20U);
    if (value.find('\0') != std::string::npos) {
      throw base::Error(base::ErrorKind::protocol,
                        {"read", file.string(), "an environment variable cannot hold NUL", ""});
    }
    visit(file.filename().string(), value);
  }
}

enum class Unsuffixed { overrides, is_default };

void apply_directory(Variables& variables, const fs::path& directory, Unsuffixed unsuffixed) {
  for_each_file(directory, [&](const std::string& file, const std::string& value) {
    const auto dot = file.find('.');
    const auto name = file.substr(0, dot);
    auto action = dot == std::string::npos ? std::string() : file.substr(dot + 1);
    if (dot == std::string::npos) action = unsuffixed == Unsuffixed::overrides ? "override" : "default";
    const auto delimiter = [&] {
      const auto path = directory / (name + ".delim");
      return base::is_regular_file(path) ? base::read_file(path, 1ULL << 10U) : std::string();
    };
    if (name.empty()) return;
    if (action == "prepend") prepend(variables, name, value, delimiter());
    if (action == "append") append(variables, name, value, delimiter());
    if (action == "override") variables[name] = value;
    if (action == "default" && variables[name].empty()) variables[name] = value;
  });
}

}  // namespace

BuildEnvironment::BuildEnvironment(const base::Environment& engine, const std::string& home) {
  for (const auto* name : allowed) {
    if (auto value = engine.get(name)) variables_[name] = *std::move(value);
  }
  variables_["HOME"] = home;
}

void BuildEnvironment::add_layer(const fs::path& layer) {
  for (const auto& [folder, names] : path_variables()) {
    if (!base::target_if_exists(layer / folder)) continue;
    for (const auto& name : names) prepend(variables_, name, (layer / folder).string(), ":");
  }
}

void BuildEnvironment::add_directory(const fs::path& directory) {
  apply_directory(variables_, directory, Unsuffixed::overrides);
}

Variables BuildEnvironment::with_overrides(const fs::path& platform, const fs::path& build_config,
                                           UserSettings settings) const {
  Variables result = variables_;
  if (settings == UserSettings::seen) {
    for_each_file(platform / "env", [&](const std::string& name, const std::string& value) {
      if (is_path_variable(name)) {
        prepend(result, name, value, ":");
      } else {
        result[name] = value;
      }
    });
  }
  apply_directory(result, build_config / "env", Unsuffixed::is_default);
  return result;
}

void add_target(Variables& variables, const buildpacks::Target& target) {
  variables["CNB_TARGET_OS"] = target.os;
  variables["CNB_TARGET_ARCH"] = target.architecture;
  if (!target.variant.empty()) variables["CNB_TARGET_ARCH_VARIANT"] = target.variant;
  if (target.distributions.empty()) return;
  const auto& distribution = target.distributions.front();
  if (!distribution.name.empty()) variables["CNB_TARGET_DISTRO_NAME"] = distribution.name;
  if (!distribution.version.empty()) variables["CNB_TARGET_DISTRO_VERSION"] = distribution.version;
}

}  // namespace lifecycle
