// Who may take part in a build, and in which order: order.toml and system.toml of a builder, and the [[order]] of
// a composite buildpack (platform.md "order.toml", "system.toml"; buildpack.md "Order Resolution").
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "buildpacks/toml.hpp"

namespace buildpacks {

// A buildpack as orders, groups and plans name it.
struct GroupElement {
  std::string id;
  std::string version;
  std::string api;       // known once its descriptor was read
  std::string homepage;  // "
  bool optional = false;

  // "acme/java@1.2.3", as a person reads it.
  [[nodiscard]] std::string text() const { return id + "@" + version; }
  friend bool operator==(const GroupElement&, const GroupElement&) = default;
};

using Group = std::vector<GroupElement>;
using Order = std::vector<Group>;

[[nodiscard]] Order read_order_tables(const TomlReader& document);
// Error{usage} when the builder uses image extensions, which are left out.
[[nodiscard]] Order read_order(const std::filesystem::path& order_toml);

// Buildpacks that stand before and after every group (system.toml, Platform API 0.15); one that a group has already
// is not added again.
[[nodiscard]] Order with_system_buildpacks(Order order, const std::filesystem::path& system_toml);

}  // namespace buildpacks
