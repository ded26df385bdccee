// A buildpack's description of itself, buildpack.toml (buildpack.md "buildpack.toml"), and the folder of a builder in
// which its buildpacks lie: <folder>/<id with / as _>/<version>/.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "buildpacks/api_version.hpp"
#include "buildpacks/order.hpp"

namespace buildpacks {

struct Distribution {
  std::string name;
  std::string version;
  friend bool operator==(const Distribution&, const Distribution&) = default;
};

// A kind of base image that a buildpack serves; what is empty matches everything.
struct Target {
  std::string os;
  std::string architecture;
  std::string variant;
  std::vector<Distribution> distributions;
};

struct Descriptor {
  std::filesystem::path root;
  ApiVersion api;
  std::string id;
  std::string version;
  std::string name;
  std::string homepage;
  bool clear_env = false;
  std::vector<std::string> sbom_formats;
  std::vector<std::string> execution_environments;
  std::vector<Target> targets;
  Order order;  // of a composite buildpack: it stands for these groups and has no bin/
};

// Error{protocol} when it is malformed, {usage} for a Buildpack API that is not known.
[[nodiscard]] Descriptor read_descriptor(const std::filesystem::path& buildpack_toml);

class Store {
 public:
  explicit Store(std::filesystem::path buildpacks) : buildpacks_(std::move(buildpacks)) {}
  // Error{usage} when the builder has no such buildpack.
  [[nodiscard]] Descriptor find(const GroupElement& element) const;

 private:
  std::filesystem::path buildpacks_;
};

// An id as part of a path: "acme/java" is "acme_java".
[[nodiscard]] std::string escaped(std::string_view id);

}  // namespace buildpacks
