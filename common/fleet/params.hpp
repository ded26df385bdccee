// The params of a put of the fleet kind: described once for the reading, the errors and the schema.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fleet/source.hpp"
#include "json/fields.hpp"

namespace fleet {

// "5": so many images; "10%": that share of those that would be moved, at least one.
struct Limit {
  std::uint32_t value = 0;
  enum class Unit { images, percent } unit = Unit::images;
  // Of `candidates` images, how many are let through.
  [[nodiscard]] std::size_t of(std::size_t candidates) const;
};

// What makes a put an error, though its record was written.
enum class FailOn {
  failed,            // an image that the registry refused, that is not readable, or that was not reached
  not_rebasable,     // an image that only a build can bring to the base
  needs_build,       // an image whose buildpacks or launcher are older than the builder's
  added_packages,    // the new base has a package that the old one had not
  removed_packages,  // the other way
};

struct Pin {
  std::string image;  // a glob
  std::string reason;
};
void describe(json::Fields<Pin>& fields);

// Of a ClusterBuilder's order, as kpack has it.
struct BuildpackFields {
  std::string id;
  std::string version;
  bool optional = false;
};
void describe(json::Fields<BuildpackFields>& fields);
struct GroupFields {
  std::vector<BuildpackFields> group;
};
void describe(json::Fields<GroupFields>& fields);

// Which files a get writes for deployers; values and patches are of one image.
enum class DeployForm {
  kustomize,  // deploy/kustomization.yaml, of all images that the put moved
};

struct PutParams {
  std::string run_image;
  std::string rollback;
  std::string builder;
  // Of fleets that kpack builds.
  std::string build_image;
  std::vector<std::string> buildpackages;
  std::vector<GroupFields> order;
  std::string stack;
  std::string store;
  bool trigger_failed = false;
  std::string timeout;
  std::chrono::seconds waits{};  // what `timeout` says
  bool dry_run = false;
  std::vector<std::string> only;
  std::vector<std::string> exclude;
  std::optional<Limit> limit;
  std::optional<std::uint32_t> max_failures;
  std::optional<std::uint32_t> rate;
  std::string tag;
  std::vector<Pin> pin;
  std::vector<FailOn> fail_on;
};
void describe(json::Fields<PutParams>& fields);

// Error{usage} naming the field, also for params that contradict each other, or that the fleet cannot have.
[[nodiscard]] PutParams read_put_params(const json::Value& params, const Source& source);

struct InParams {
  std::vector<DeployForm> deploy = {};
};
void describe(json::Fields<InParams>& fields);

}  // namespace fleet

namespace json {
template <>
struct Type<fleet::Limit> {
  static fleet::Limit read(const Value& value, const std::string& path);
  static Value schema();
};
template <>
struct Type<fleet::DeployForm> {
  static fleet::DeployForm read(const Value& value, const std::string& path);
  static Value schema();
};
template <>
struct Type<fleet::FailOn> {
  static fleet::FailOn read(const Value& value, const std::string& path);
  static Value schema();
};
}  // namespace json
