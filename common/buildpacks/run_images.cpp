#include "buildpacks/run_images.hpp"

#include "base/file.hpp"

namespace buildpacks {
namespace {

RunImage read_image(const TomlReader& table) {
  return {table.text("image"), table.texts("mirrors").value_or(std::vector<std::string>())};
}

}  // namespace

std::vector<RunImage> read_run_images(const std::filesystem::path& run_toml, const std::filesystem::path& stack_toml) {
  std::vector<RunImage> images;
  if (const auto text = base::read_file_if_exists(run_toml)) {
    const auto document = parse_toml(*text, run_toml.string());
    for (const auto& table : TomlReader(document, run_toml.string()).tables("images"))
      images.push_back(read_image(table));
  } else if (const auto stack = base::read_file_if_exists(stack_toml)) {
    const auto document = parse_toml(*stack, stack_toml.string());
    if (const auto table = TomlReader(document, stack_toml.string()).table("run-image")) {
      images.push_back(read_image(*table));
    }
  }
  return images;
}

}  // namespace buildpacks
