// Images and Builds as typed views over their JSON. What is read is lenient, since the objects are another program's:
// a member of another type than expected is as good as absent. Unknown members stay in `value`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace kpack {

struct Condition {
  std::string status;  // "True", "False", "Unknown"; empty: there is no such condition
  std::string reason;
  std::string message;
};

// The condition of that type in an object's status.
[[nodiscard]] Condition condition_of(const json::Value& object, std::string_view type);

// Where a build's source comes from: exactly one kind.
struct Source {
  enum class Kind { none, git, blob, registry } kind = Kind::none;
  std::string place;     // the git repository's URL, the blob's URL, the image
  std::string revision;  // of git
  std::string sub_path;
  friend bool operator==(const Source&, const Source&) = default;
};
[[nodiscard]] Source read_source(const json::Value& spec);
// "git", "blob", "registry"
[[nodiscard]] std::string_view name_of(Source::Kind kind);

struct BuilderReference {
  std::string kind;  // "ClusterBuilder", "Builder"
  std::string name;
  std::string space;  // of a Builder; empty: the Image's
  friend bool operator==(const BuilderReference&, const BuilderReference&) = default;
};

struct Image {
  explicit Image(json::Value object);

  json::Value value;
  std::string name;
  std::string space;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::int64_t observed_generation = 0;
  std::string tag;
  Source source;
  BuilderReference builder;
  Condition ready;
  std::string latest_image;
  std::string latest_build;  // the name of the last Build that kpack made of it
  std::uint64_t build_counter = 0;
};

enum class BuildState { running, succeeded, failed };

struct Step {
  std::string name;  // empty: an older kpack does not say
  enum class State { waiting, running, terminated } state = State::waiting;
  std::string reason;
  std::string message;
  int exit_code = 0;
  std::string started;
  std::string finished;
};

struct Buildpack {
  std::string id;
  std::string version;
};

struct Build {
  explicit Build(json::Value object);

  json::Value value;
  std::string name;
  std::string space;
  std::string image;      // the Image's name
  std::string owner_uid;  // the Image's
  std::uint64_t number = 0;
  std::int64_t image_generation = 0;
  Source source;
  std::string reasons;  // "COMMIT,CONFIG"
  BuildState state = BuildState::running;
  Condition succeeded;
  std::string pod;           // empty: there is none yet
  std::string latest_image;  // what it built: repository@digest
  std::string tag;
  std::string builder;        // the name
  std::string builder_image;  // by digest: the builder as it was when the Build was made
  std::string run_image;      // known once it has succeeded
  std::vector<Buildpack> buildpacks;
  std::vector<Step> steps;
  std::string created;
  std::string finished;  // empty: it has not ended
};

// As kpack numbers Builds, from 1 on; 0 for what is not such a number.
[[nodiscard]] std::uint64_t number_of(const std::string& text);

// The newest of all, by number; nullptr when there is none.
[[nodiscard]] const Build* newest_of(const std::vector<Build>& builds);

// What a list leaves out of each Build for those who want numbers, states and images alone.
inline constexpr std::string_view details_of_builds[] = {
    "managedFields", "env", "resources", "stepStates", "stepsCompleted", "buildMetadata", "ownerReferences"};

}  // namespace kpack
