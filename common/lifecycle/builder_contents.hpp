// What a builder image can build with: its buildpacks by id, and the launcher that goes into images.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lifecycle/platform.hpp"

namespace lifecycle {

struct BuilderContents {
  std::map<std::string, std::vector<std::string>> buildpacks;  // versions by escaped id, as their directories are named
  std::string launcher_version;
};

[[nodiscard]] BuilderContents read_builder_contents(const Platform& platform);

}  // namespace lifecycle
