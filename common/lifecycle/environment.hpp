// The environment that buildpacks see (buildpack.md "Environment"): an allow-list of the engine's own, extended by the
// layers of the buildpacks before, by the user's settings (platform/env) and by the operator's (build-config/env).
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "base/environment.hpp"
#include "buildpacks/descriptor.hpp"

namespace lifecycle {

using Variables = std::map<std::string, std::string, std::less<>>;

class BuildEnvironment {
 public:
  // Keeps what buildpacks may see of the engine's environment: paths, proxies, certificates; `home` becomes HOME.
  BuildEnvironment(const base::Environment& engine, const std::string& home);

  // A build layer's bin, lib, include and pkgconfig come first in PATH, LD_LIBRARY_PATH and their like.
  void add_layer(const std::filesystem::path& layer);
  // Files of an env/ folder: NAME or NAME.<action>, where the action is override (also without a suffix), default,
  // append or prepend; NAME.delim holds the delimiter. Other suffixes are ignored.
  void add_directory(const std::filesystem::path& directory);

  enum class UserSettings { seen, cleared };  // clear-env in buildpack.toml
  [[nodiscard]] Variables with_overrides(const std::filesystem::path& platform,
                                         const std::filesystem::path& build_config, UserSettings settings) const;

 private:
  Variables variables_;
};

// CNB_TARGET_* (Buildpack API 0.10).
void add_target(Variables& variables, const buildpacks::Target& target);

}  // namespace lifecycle
