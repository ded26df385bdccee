// What many Images stand on: a ClusterStack, a ClusterStore or a ClusterBuilder; and the builders that are made of them
// (pkg/apis/build/v1alpha2). Typed views over their JSON, as lenient as those of objects.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "json/value.hpp"
#include "kpack/objects.hpp"
#include "kpack/spec_patch.hpp"
#include "kubernetes/resource.hpp"

namespace kpack {

enum class TargetKind { stack, store, builder };

struct Target {
  TargetKind kind = TargetKind::stack;
  std::string name;
  friend bool operator==(const Target&, const Target&) = default;
};
[[nodiscard]] const kubernetes::Resource& resource_of(TargetKind kind);
// "ClusterStack base"
[[nodiscard]] std::string text_of(const Target& target);

// The members of a target's spec that a put may change, by their paths: "runImage.image", "sources", "order".
using Settings = std::map<std::string, json::Value>;
// The paths that a kind has, and whether each is a list; the others are text.
enum class SettingType { text, list };
[[nodiscard]] const std::map<std::string, SettingType>& settings_of(TargetKind kind);

struct TargetObject {
  TargetObject(TargetKind kind, json::Value object);

  Target target;
  std::string resource_version;
  std::int64_t generation = 0;
  std::int64_t observed_generation = 0;
  Condition ready;
  Condition up_to_date;             // of a builder
  Settings settings;                // those that it has
  std::string run_image;            // by digest: of a stack, or of the stack that a builder was last made of
  std::vector<std::string> mixins;  // of a stack
};

// Of lists what came and what went is told entry by entry. Null removes a setting.
[[nodiscard]] Patch patch_for(const TargetObject& object, const Settings& wanted);

// A ClusterBuilder or a Builder.
struct Builder {
  Builder(BuilderReference reference, const json::Value& object);

  BuilderReference reference;
  std::string stack;  // names
  std::string store;
  std::int64_t generation = 0;
  std::int64_t observed_generation = 0;
  // Of the stack and the store that it was last made of; 0: an older kpack does not say.
  std::int64_t stack_generation = 0;
  std::int64_t store_generation = 0;
  Condition ready;
  Condition up_to_date;  // empty: an older kpack has no such condition
  std::string latest_image;
  std::string run_image;
  std::vector<Buildpack> buildpacks;
};
// "ClusterBuilder base", "Builder base in namespace apps"
[[nodiscard]] std::string text_of(const BuilderReference& builder);

// Whether a builder is the target, or is made of it.
[[nodiscard]] bool stands_on(const Builder& builder, const Target& target);
// The builder of an Image; nullptr: there is no such builder.
[[nodiscard]] const Builder* builder_of(const Image& image, const std::vector<Builder>& builders);

}  // namespace kpack
