// What the builder image gives to the lifecycle, and where things are (platform.md, "Inputs"): the folders, the user
// that buildpacks run as, the Platform API. Every path of the lifecycle comes from here.
#pragma once

#include <filesystem>
#include <string>

#include "base/environment.hpp"
#include "base/process.hpp"
#include "buildpacks/api_version.hpp"
#include "buildpacks/descriptor.hpp"

namespace lifecycle {

// How the kind of resource names to its user what the errors of the lifecycle are about.
struct FieldNames {
  std::string source = "the source";
  std::string run_image = "the run image";
  std::string project = "the project descriptor";
};

struct Platform {
  std::filesystem::path cnb = "/cnb";                // order.toml, run.toml, buildpacks/, build-config/
  std::filesystem::path layers = "/layers";          // CNB_LAYERS_DIR: its name stands in the image
  std::filesystem::path workspace = "/workspace";    // holds the source
  std::filesystem::path application = "/workspace";  // CNB_APP_DIR, likewise: the workspace, or a part of it
  std::filesystem::path settings = "/platform";      // CNB_PLATFORM_DIR: env/ and bindings/ as the user gave them
  std::filesystem::path launcher;                    // the launcher that goes into images
  base::Identity identity{};                         // CNB_USER_ID and CNB_GROUP_ID, never root
  std::string home;                                  // of that user
  buildpacks::ApiVersion api = buildpacks::newest_platform_api;
  std::string execution_environment = "production";
  std::string launcher_version;
  std::string launcher_repository;
  std::string launcher_commit;
  FieldNames fields;
};

// Reads the builder's settings from the environment its image sets. Error{usage} when this is not a builder, when the
// step does not run as root, or when the builder's user is root.
[[nodiscard]] Platform read_platform(const base::Environment& environment, Platform defaults);

// The distribution of this root, from etc/os-release; for run images whose labels do not say theirs.
[[nodiscard]] buildpacks::Distribution read_distribution(const std::filesystem::path& os_release);

// Makes the calling thread reach files as the builder's user does while it lives: what a buildpack wrote (links
// included) then cannot make root read or write anything that the buildpack could not.
class FilesAsBuilder {
 public:
  explicit FilesAsBuilder(const base::Identity& identity);
  ~FilesAsBuilder();
  FilesAsBuilder(const FilesAsBuilder&) = delete;
  FilesAsBuilder& operator=(const FilesAsBuilder&) = delete;

 private:
  base::Identity before_;
};

}  // namespace lifecycle
