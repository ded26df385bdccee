#include "lifecycle/platform.hpp"

#include <charconv>
#include <fmt/format.h>
#include <sstream>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/presence.hpp"

namespace lifecycle {
namespace {

using base::Error;
using base::ErrorKind;

std::uint32_t read_id(const base::Environment& environment, const char* name) {
  const auto text = environment.get_or(name, "");
  std::uint32_t id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) {
    throw Error(ErrorKind::usage,
                {"build", "",
                 text.empty() ? fmt::format("{} is not set", name)
                              : fmt::format("{} is \"{}\", which is not a number", name, text),
                 "a Cloud Native Buildpacks builder image sets it; base the resource type's image on one"});
  }
  if (id == 0) {
    throw Error(ErrorKind::usage, {"build", "", fmt::format("{} is 0: buildpacks never run as root", name),
                                   "set CNB_USER_ID and CNB_GROUP_ID of the builder image to an unprivileged user"});
  }
  return id;
}

// getpwuid() would load the modules of whatever root this is.
std::string read_home(uid_t user) {
  std::istringstream lines(base::read_file_if_exists("/etc/passwd").value_or(""));
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string name;
    std::string password;
    std::string id;
    std::string group;
    std::string comment;
    std::string home;
    for (auto* field : {&name, &password, &id, &group, &comment, &home}) std::getline(fields, *field, ':');
    if (id == std::to_string(user) && !home.empty()) return home;
  }
  return "/";
}

buildpacks::ApiVersion read_api(const base::Environment& environment) {
  const auto text = environment.get_or("CNB_PLATFORM_API", "");
  if (text.empty()) return buildpacks::newest_platform_api;
  const auto api = buildpacks::ApiVersion::parse(text);
  if (!api || *api < buildpacks::oldest_platform_api || *api > buildpacks::newest_platform_api) {
    throw Error(ErrorKind::usage,
                {"build", "", fmt::format("Platform API \"{}\" (CNB_PLATFORM_API) is not supported", text),
                 fmt::format("supported are {} to {}", buildpacks::oldest_platform_api.text(),
                             buildpacks::newest_platform_api.text())});
  }
  return *api;
}

std::string unquoted(std::string_view text) {
  const auto first = text.find_first_not_of("\" ");
  const auto last = text.find_last_not_of("\" ");
  return first == std::string_view::npos ? "" : std::string(text.substr(first, last - first + 1));
}

}  // namespace

Platform read_platform(const base::Environment& environment, Platform defaults) {
  if (!base::target_if_exists(defaults.cnb / "order.toml")) {
    throw Error(ErrorKind::usage,
                {"build", "", fmt::format("there is no {} here", (defaults.cnb / "order.toml").string()),
                 "a build needs a type whose image is build-service-builder, not build-service"});
  }
  if (geteuid() != 0) {
    throw Error(ErrorKind::usage,
                {"build", "", fmt::format("this step runs as user {}, not as root", geteuid()),
                 "set USER 0 in the resource type's image: the lifecycle stays root so that buildpacks, which run as "
                 "the builder's user, can reach no credential"});
  }
  Platform platform = std::move(defaults);
  platform.identity = {read_id(environment, "CNB_USER_ID"), read_id(environment, "CNB_GROUP_ID")};
  platform.home = read_home(platform.identity.user);
  platform.api = read_api(environment);
  platform.execution_environment = environment.get_or("CNB_EXEC_ENV", platform.execution_environment);
  return platform;
}

buildpacks::Distribution read_distribution(const std::filesystem::path& os_release) {
  buildpacks::Distribution distribution;
  std::istringstream lines(base::read_file_if_exists(os_release).value_or(""));
  std::string line;
  while (std::getline(lines, line)) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || line.find('=', equals + 1) != std::string::npos) continue;
    const auto name = line.substr(0, equals);
    if (name == "ID") distribution.name = unquoted(line.substr(equals + 1));
    if (name == "VERSION_ID") distribution.version = unquoted(line.substr(equals + 1));
  }
  return distribution;
}

// The group first while this thread may still change it, the user back first for the same reason.
FilesAsBuilder::FilesAsBuilder(const base::Identity& identity)
    : before_{.user = 0, .group = static_cast<gid_t>(setfsgid(identity.group))} {
  before_.user = static_cast<uid_t>(setfsuid(identity.user));
}

FilesAsBuilder::~FilesAsBuilder() {
  setfsuid(before_.user);
  setfsgid(before_.group);
}

}  // namespace lifecycle
