#include "lifecycle/prepare.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"
#include "lifecycle/layers.hpp"
#include "lifecycle/origin.hpp"
#include "lifecycle/workspace.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

bool is_link(const fs::path& path) {
  const auto status = base::status_if_exists(path);
  return status && S_ISLNK(status->st_mode);
}

void own(const fs::path& path, const base::Identity& owner, mode_t mode) {
  if (lchown(path.c_str(), owner.user, owner.group) != 0 || chmod(path.c_str(), mode) != 0) {
    throw base::system_error("take over", path.string(), errno);
  }
}

// A directory of its own, empty, of the builder's user, whatever an earlier run left.
void make_empty(const fs::path& directory, const base::Identity& owner) {
  if (is_link(directory)) {
    throw Error(ErrorKind::usage, {"use", directory.string(), "it is a symbolic link", "mend the builder image"});
  }
  fs::create_directories(directory);
  base::empty_directory(directory);
  if (!fs::is_empty(directory)) throw Error(ErrorKind::internal, {"empty", directory.string(), "files remain", ""});
  own(directory, owner, 0755);
}

// The settings are this process's: a buildpack that could write them would set the environment of all that come after
// it. The builder's user reads them by its group, and nobody else does.
class SettingsWriter {
 public:
  explicit SettingsWriter(const Platform& platform)
      : directory_(platform.settings), owner_{geteuid(), platform.identity.group} {}

  void run(const std::map<std::string, std::string>& environment, const std::vector<Binding>& bindings) const {
    if (is_link(directory_)) {
      throw Error(ErrorKind::usage, {"use", directory_.string(), "it is a symbolic link", "mend the builder image"});
    }
    fs::create_directories(directory_);
    take_over();
    const auto variables = directory_ / "env";
    remove(variables);
    make(variables);
    for (const auto& [name, value] : environment) write(variables / name, value);
    if (bindings.empty()) return;
    // The builder's own bindings stay beside the user's; of two of one name the user's counts.
    const auto root = directory_ / "bindings";
    if (!base::is_directory(root)) make(root);
    for (const auto& binding : bindings) {
      remove(root / binding.name);
      make(root / binding.name);
      for (const auto& [entry, value] : binding.entries) write(root / binding.name / entry, value);
    }
  }

 private:
  // What the builder image brought: readable as before, and no more writable.
  void take_over() const {
    for (const auto& entry : list_tree(directory_)) {
      const auto mode = entry.status.st_mode;
      if (S_ISLNK(mode)) continue;
      const auto of_owner = mode & 0700U;
      own(entry.path, owner_, ((mode & 0777U) | (of_owner >> 3U)) & ~0022U);
    }
  }

  static void remove(const fs::path& path) {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw base::system_error("remove", path.string(), error.value());
  }

  void make(const fs::path& directory) const {
    fs::create_directory(directory);
    own(directory, owner_, 0750);
  }

  void write(const fs::path& file, const std::string& value) const {
    base::write_file(file, value, 0400);
    own(file, owner_, 0440);
  }

  fs::path directory_;
  base::Identity owner_;
};

buildpacks::ProjectDescriptor read_project(const SourceLocation& source, const std::optional<fs::path>& named,
                                           const FieldNames& fields) {
  const auto relative = named.value_or(source.application / "project.toml").lexically_normal();
  const auto fail = [&](const char* cause) {
    throw Error(ErrorKind::usage, {"use " + fields.project, relative.string(), cause,
                                   "name a file of the source, such as deploy/project.toml"});
  };
  if (relative.empty() || relative.is_absolute() || *relative.begin() == "..")
    fail("it is not a path below the source");
  // A link could lead to any file of the builder, and an error would quote it.
  auto path = source.root;
  for (const auto& part : relative) {
    path /= part;
    if (is_link(path)) fail("it is, or is below, a symbolic link");
  }
  auto project = buildpacks::read_project_descriptor(path);
  if (!project && named) fail("the source has no such file");
  for (const auto& [name, value] : project ? project->environment : std::map<std::string, std::string>()) {
    if (const auto flaw = flaw_of_variable(name, value)) {
      throw Error(ErrorKind::usage, {"read", relative.string() + ": variable " + base::printable(name), *flaw, ""});
    }
  }
  return std::move(project).value_or(buildpacks::ProjectDescriptor());
}

}  // namespace

ExaminedSource examine(const SourceLocation& source, const SourceSettings& settings, const FieldNames& fields) {
  ExaminedSource result;
  result.project = read_project(source, settings.project, fields);
  result.environment = settings.environment;
  result.environment.insert(result.project.environment.begin(), result.project.environment.end());
  result.tree = examine_tree(source.root, source.application, result.project);
  result.origin = find_origin(source.root / source.application, source.top);
  return result;
}

void prepare(const Platform& platform, const ExaminedSource& source, const std::vector<Binding>& bindings) {
  make_empty(platform.layers, platform.identity);
  make_empty(platform.workspace, platform.identity);
  SettingsWriter(platform).run(source.environment, bindings);
  copy_source(source.tree, platform);
}

std::optional<std::string> flaw_of_variable(const std::string& name, const std::string& value) {
  if (name.empty() || name.find_first_of("=/.\0\n ", 0, 6) != std::string::npos) {
    return "a variable's name has no =, /, ., blank or newline";
  }
  if (value.find('\0') != std::string::npos) return "a variable's value cannot hold NUL";
  return std::nullopt;
}

}  // namespace lifecycle
