// The preparation: an empty layers directory, the source in the workspace as the builder's user's, the user's settings
// where buildpacks read them.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "lifecycle/platform.hpp"

namespace lifecycle {

struct PreparedSource {
  std::size_t files = 0;
  std::uint64_t bytes = 0;
  // Where it came from, as far as its .git says.
  std::string commit;
  std::string repository;
};

// Copies `source` without its .git: its content differs between two checkouts of one commit. Links are copied as they
// are. Error{usage} when the source holds what cannot be copied (devices, sockets).
[[nodiscard]] PreparedSource prepare(const Platform& platform, const std::filesystem::path& source,
                                     const std::map<std::string, std::string>& environment);

// io.buildpacks.project.metadata.
[[nodiscard]] std::string project_metadata(const PreparedSource& source);

}  // namespace lifecycle
