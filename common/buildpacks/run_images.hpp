// run.toml: the run images that a builder's images are meant for (platform.md "run.toml").
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "buildpacks/toml.hpp"

namespace buildpacks {

struct RunImage {
  std::string image;
  std::vector<std::string> mirrors;
};

// Empty when there is no such file. Before run.toml a builder had stack.toml, whose [run-image] is read in its place.
[[nodiscard]] std::vector<RunImage> read_run_images(const std::filesystem::path& run_toml,
                                                    const std::filesystem::path& stack_toml);

}  // namespace buildpacks
