// Whether kpack has brought what was written to a target (a stack, a store, a builder) to the builders and to each
// Image: pure functions of what is seen. Target, builders, Images and Builds are watched apart, so that news of one may
// come before news of another that it follows from; none of these is led astray by that.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "builds/reason.hpp"
#include "kpack/target.hpp"

namespace kpack {

// How far a target or a builder is.
struct Settling {
  enum class State {
    settled,  // it is made of what was written
    waiting,  // kpack has not looked at it yet
    failing,  // kpack could not; it tries again
  } state{};
  std::string why;  // for people; empty when settled
};

// `generation` is that of the target when it was written.
[[nodiscard]] Settling settling_of(const TargetObject& target, std::int64_t generation);
// Of a builder that stands on the settled target, or is it.
[[nodiscard]] Settling settling_of(const Builder& builder, const TargetObject& target, std::int64_t generation);

// Why kpack builds anew what `build` built, once the builder is as it is now (pkg/reconciler/image, build_required.go):
// STACK and BUILDPACK, which alone follow from what a fleet changes.
[[nodiscard]] std::vector<builds::Reason> reasons_to_rebuild(const Build& build, const Builder& builder);

// What a put knew of an Image before it wrote anything.
struct RebuildAim {
  std::string uid;
  BuilderReference builder;
  std::uint64_t newest_before = 0;     // the highest number of its Builds; 0: there was none
  std::uint64_t succeeded_before = 0;  // the highest of those that had succeeded
  std::uint64_t annotated = 0;         // the one that was annotated to have another after it; 0: none
};

struct Rebuild {
  enum class State {
    waiting,
    current,  // needs no build: `build` is of this builder's run image and buildpacks already
    rebuilt,  // `build` is
    failed,   // its newest build, `build`, failed: kpack looks at a builder again only after one that succeeded
    unbuilt,  // it was never built, so nothing of it is on an older base
    left,     // it was deleted, or given another builder
  } state{};
  std::uint64_t build = 0;
  std::string why;  // for people
  // Of a failed one: it was made by the builder as it is now, so that the change may be to blame.
  bool is_of_builder = false;
  // A build of it runs; of a waiting one.
  bool is_running = false;
};

// `image` is nullptr where it was deleted; the builder is settled.
[[nodiscard]] Rebuild judge_rebuild(const RebuildAim& aim, const Image* image, const std::vector<Build>& builds,
                                    const Builder& builder);

// The digest or the tag that a reference ends in, as kpack compares images.
[[nodiscard]] std::string identifier_of(const std::string& reference);

}  // namespace kpack
