#include "lifecycle/prepare.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "git/location.hpp"

namespace lifecycle {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_note = 4096;
constexpr std::uint64_t largest_config = 1ULL << 20U;

// A directory of its own, empty, of the builder's user, whatever an earlier run left.
void make_empty(const fs::path& directory, const base::Identity& owner) {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(directory, error))) {
    throw Error(ErrorKind::usage, {"use", directory.string(), "it is a symbolic link", "mend the builder image"});
  }
  fs::create_directories(directory);
  base::empty_directory(directory);
  if (!fs::is_empty(directory)) throw Error(ErrorKind::internal, {"empty", directory.string(), "files remain", ""});
  if (chown(directory.c_str(), owner.user, owner.group) != 0 || chmod(directory.c_str(), 0755) != 0) {
    throw base::system_error("give away", directory.string(), errno);
  }
}

void write_settings(const Platform& platform, const std::map<std::string, std::string>& environment) {
  make_empty(platform.settings, platform.identity);
  const auto give_away = [&](const fs::path& path) {
    if (lchown(path.c_str(), platform.identity.user, platform.identity.group) != 0) {
      throw base::system_error("give away", path.string(), errno);
    }
  };
  const auto directory = platform.settings / "env";
  fs::create_directory(directory);
  give_away(directory);
  for (const auto& [name, value] : environment) {
    // The builder's user's alone: a value may be a secret of the build.
    base::write_file(directory / name, value, 0400);
    give_away(directory / name);
  }
}

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first));
}

bool is_commit(const std::string& text) {
  return (text.size() == 40 || text.size() == 64) && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// A file of the source, which may be anybody's: no link is followed, and one that is too large does not count.
std::string note(const fs::path& file, std::uint64_t limit = largest_note) {
  struct stat status {};
  if (lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  if (static_cast<std::uint64_t>(status.st_size) > limit) return "";
  return trimmed(base::read_file_if_exists(file, limit).value_or(""));
}

// remote.origin.url in .git/config, as far as git itself writes it.
std::string origin_address(std::string_view config) {
  bool in_origin = false;
  while (!config.empty()) {
    const auto end = std::min(config.find('\n'), config.size());
    const auto line = trimmed(config.substr(0, end));
    config.remove_prefix(std::min(end + 1, config.size()));
    if (line.starts_with('[')) in_origin = line == "[remote \"origin\"]";
    const auto equals = line.find('=');
    if (!in_origin || equals == std::string::npos || trimmed(line.substr(0, equals)) != "url") continue;
    try {
      return git::Location::parse(trimmed(line.substr(equals + 1)), "remote.origin.url").text();
    } catch (const Error&) {
      return "";  // what is no address is not shown: it may hold anything
    }
  }
  return "";
}

// The files that the get of a source writes beside git's own; they say where the source came from.
builds::Origin read_origin(const fs::path& git) {
  builds::Origin origin;
  struct stat status {};
  if (lstat(git.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return origin;
  for (const auto* name : {"commit", "ref", "HEAD"}) {
    const auto text = note(git / name);
    if (is_commit(text) && origin.commit.empty()) origin.commit = text;
  }
  const auto page = note(git / "url");
  if (page.starts_with("https://") && page.find_first_of(" \n@") == std::string::npos) origin.page = page;
  origin.repository = origin_address(note(git / "config", largest_config));
  return origin;
}

buildpacks::ProjectDescriptor read_project(const fs::path& source, const std::optional<fs::path>& named) {
  const auto relative = named.value_or("project.toml").lexically_normal();
  const auto fail = [&](const char* cause) {
    throw Error(ErrorKind::usage, {"use params.project", relative.string(), cause,
                                   "name a file of the source, as in params.project: deploy/project.toml"});
  };
  if (relative.empty() || relative.is_absolute() || *relative.begin() == "..") fail("it is no path below the source");
  // A link could lead to any file of the builder, and an error would quote it.
  auto path = source;
  for (const auto& part : relative) {
    path /= part;
    if (fs::is_symlink(fs::symlink_status(path))) fail("it is, or is below, a symbolic link");
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

PreparedSource prepare(const Platform& platform, const fs::path& source, const SourceSettings& settings) {
  PreparedSource result;
  result.project = read_project(source, settings.project);
  result.environment = settings.environment;
  result.environment.insert(result.project.environment.begin(), result.project.environment.end());
  make_empty(platform.layers, platform.identity);
  make_empty(platform.application, platform.identity);
  write_settings(platform, result.environment);
  result.workspace = copy_source(source, result.project, platform);
  result.origin = read_origin(source / ".git");
  return result;
}

std::optional<std::string> flaw_of_variable(const std::string& name, const std::string& value) {
  if (name.empty() || name.find_first_of("=/.\0\n ", 0, 6) != std::string::npos) {
    return "a variable's name has no =, /, ., blank or newline";
  }
  if (value.find('\0') != std::string::npos) return "a variable's value cannot hold NUL";
  return std::nullopt;
}

}  // namespace lifecycle
