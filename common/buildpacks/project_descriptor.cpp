#include "buildpacks/project_descriptor.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "buildpacks/toml.hpp"

namespace buildpacks {
namespace {

constexpr std::uint64_t largest_descriptor = 1ULL << 20U;

void read_variables(const TomlReader& table, std::string_view name, ProjectDescriptor& result) {
  for (const auto& entry : table.tables(name)) result.environment[entry.text("name")] = entry.text_or("value");
}

// Schema 0.2: [io.buildpacks], with [[io.buildpacks.build.env]], which pack also reads as [[io.buildpacks.env.build]].
void read_current(const TomlReader& table, ProjectDescriptor& result) {
  result.include = table.texts("include").value_or(std::vector<std::string>());
  result.exclude = table.texts("exclude").value_or(std::vector<std::string>());
  if (const auto build = table.table("build")) read_variables(*build, "env", result);
  if (const auto environment = table.table("env")) read_variables(*environment, "build", result);
  result.names_buildpacks = table.has("group") || table.has("builder") || table.has("pre") || table.has("post");
}

// Schema 0.1: [build], with [[build.env]].
void read_first(const TomlReader& table, ProjectDescriptor& result) {
  result.include = table.texts("include").value_or(std::vector<std::string>());
  result.exclude = table.texts("exclude").value_or(std::vector<std::string>());
  read_variables(table, "env", result);
  result.names_buildpacks = table.has("buildpacks") || table.has("builder");
}

}  // namespace

std::optional<ProjectDescriptor> read_project_descriptor(const std::filesystem::path& file) {
  const auto text = base::read_file_if_exists(file, largest_descriptor);
  if (!text) return std::nullopt;
  const auto document = parse_toml(*text, file.filename().string());
  const TomlReader reader(document, file.filename().string());
  ProjectDescriptor result;
  const auto io = reader.table("io");
  if (const auto current = io ? io->table("buildpacks") : std::nullopt) {
    read_current(*current, result);
  } else if (const auto first = reader.table("build")) {
    read_first(*first, result);
  }
  if (!result.include.empty() && !result.exclude.empty()) {
    throw base::Error(base::ErrorKind::usage, {"read", file.filename().string(), "it has include and exclude",
                                               "keep one of them: what is not included is excluded"});
  }
  return result;
}

}  // namespace buildpacks
