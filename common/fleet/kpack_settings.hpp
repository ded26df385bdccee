// What a put sets the fleet's stack, store or builder to: its params as members of that object's spec, with images by
// digest where they lie. Nothing is copied to another registry, as kp would: kpack pulls from where they are.
#pragma once

#include "fleet/operation.hpp"
#include "kpack/target.hpp"
#include "kubernetes/client.hpp"

namespace fleet {

struct Wanted {
  kpack::Settings settings;
  // Of a stack: the run image that kpack will find there, by the digest of this platform's manifest, and what it is.
  std::string run_image;
  std::optional<registry::Image> base;
};

// Error{usage, not_found} naming the param: an image that is not there, or that kpack would not take beside what the
// target has (another stack id, mixins that are missing).
[[nodiscard]] Wanted wanted_settings(const Operation& operation, const kpack::TargetObject& now,
                                     kubernetes::Client& cluster);

// Of an earlier version: what the target was set to then, which a dry run left as it was. Error{usage} where that put
// was of another target.
[[nodiscard]] Wanted wanted_of_version(const Operation& operation, const FleetRecord& earlier,
                                       const kpack::Target& target);

// The packages of two bases. Whatever is wrong is said in the comparison: it never makes a put fail.
[[nodiscard]] packages::Comparison compare(registry::Client& client, const std::string& before, const std::string& now,
                                           const registry::Image& image);

}  // namespace fleet
