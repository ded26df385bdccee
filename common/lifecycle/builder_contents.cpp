#include "lifecycle/builder_contents.hpp"

#include "base/presence.hpp"

namespace lifecycle {

BuilderContents read_builder_contents(const Platform& platform) {
  BuilderContents contents;
  contents.launcher_version = platform.launcher_version;
  for (const auto& buildpack : base::entries_if_exists(platform.cnb / "buildpacks")) {
    auto& versions = contents.buildpacks[buildpack.filename().string()];
    for (const auto& version : base::entries_if_exists(buildpack)) {
      if (base::is_directory(version)) versions.push_back(version.filename().string());
    }
  }
  return contents;
}

}  // namespace lifecycle
