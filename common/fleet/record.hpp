// What is known of a fleet after a put: each image with its state, the base that it moved to, which packages that
// changed, and the puts before it. It is kept as an OCI artifact (fleet/store.hpp), and everything that a get gives is
// made from it alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/state.hpp"
#include "json/value.hpp"
#include "kpack/target.hpp"
#include "packages/layers.hpp"

namespace fleet {

// What a rebase cannot mend: a buildpack or the launcher of the image is older than the builder's.
struct NeededBuild {
  std::string what;  // "paketo-buildpacks/jre", "launcher"
  std::string before;
  std::string now;  // empty: the builder does not have it any more
};

struct FleetImage {
  std::string repository;  // "registry.example.com/acme/app"
  std::string tag;         // empty: of the whole repository, whose tags could not be listed
  std::string image;       // repository@digest that the tag names after the put; empty: it could not be read
  std::string before;      // what it named before
  State state = State::untouched;
  std::string reason;       // for people; may be empty
  std::string run_image;    // by digest, on which the image stands; empty: not known
  std::uint64_t build = 0;  // the number of its build record; 0: there is none
  double seconds = 0;       // that it took
  std::vector<NeededBuild> needs;
  std::string resource;   // of an Image of kpack: "apps/petclinic"
  std::string attempted;  // of a failed one: what its tag may name all the same, by digest; empty: nothing was tried

  // "registry.example.com/acme/app:main"
  [[nodiscard]] std::string name() const { return tag.empty() ? repository : repository + ":" + tag; }
};

// One step from an old base to the new one, for one platform.
struct BaseStep {
  std::string platform;  // "linux/amd64"
  std::string before;    // the old run image by digest, as the images name it
  std::string now;
  std::uint64_t images = 0;
  packages::Comparison packages;
};

// A put before the one of the record, newest first.
struct EarlierPut {
  std::uint64_t number = 0;
  std::string fleet;  // the digest of its record's manifest
  std::string run_image;
  std::string operation;
  std::string finished;
  std::uint64_t changed = 0;
  std::uint64_t failed = 0;
};

namespace operation {
inline constexpr std::string_view rebase = "rebase";
inline constexpr std::string_view rollback = "rollback";
inline constexpr std::string_view kpack = "kpack";
inline constexpr std::string_view dry_run = "dry run";
}  // namespace operation

// How long it took from the patch to the tags. Seconds, over the images that were moved.
struct Latency {
  std::string since = "start";  // "start" of the put, or the "push" of the run image, where its registry tells when
  double p50 = 0;
  double p95 = 0;
};

// What a put by kpack set the fleet's stack, store or builder to.
struct TargetSetting {
  kpack::Target target;
  kpack::Settings before;
  kpack::Settings now;
};

struct FleetRecord {
  std::string record;  // "registry.example.com/acme/fleet:main", where it is kept: another fleet's is refused
  std::uint64_t number = 1;
  std::string operation{operation::rebase};
  std::string run_image;  // by digest
  std::string packages;   // what the patch is, in a line
  std::string started;    // RFC 3339
  std::string finished;
  double seconds = 0;
  std::string started_by;  // "main/patch/rebase #7", and the user where Concourse tells
  std::string build_url;
  std::string rolled_back_to;           // the digest of the fleet's version that a rollback went back to
  std::optional<TargetSetting> target;  // of a fleet that kpack builds
  std::vector<BaseStep> bases;
  std::vector<FleetImage> images;  // sorted by name
  std::optional<Latency> latency;  // nothing where no image was moved
  std::vector<EarlierPut> earlier;

  [[nodiscard]] std::uint64_t count(State state) const;
  [[nodiscard]] std::uint64_t changed() const;
  [[nodiscard]] std::uint64_t failed() const;
  [[nodiscard]] std::uint64_t needing_a_build() const;
};

[[nodiscard]] json::Value to_json(const FleetRecord& record);

// Members that are not known are passed over: a record may be a later version's. Error{protocol} naming `object` where
// one that is used is missing, of a wrong type, or not what it says to be (a digest, an image by digest).
[[nodiscard]] FleetRecord parse_fleet_record(std::string_view text, const std::string& object);

// `record` becomes the one after `previous`, whose manifest has the digest `digest`: its number and its history.
void follow(FleetRecord& record, const FleetRecord& previous, const std::string& digest);

// "rebased 17, current 980, failed 3": the states that there are, in their order.
[[nodiscard]] std::string counts_of(const FleetRecord& record);

// The last line of a put: what happened, in a sentence.
[[nodiscard]] std::string sentence_of(const FleetRecord& record);

}  // namespace fleet
