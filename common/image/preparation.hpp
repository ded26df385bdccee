// PREPARING: what is asked for, what stands, how they differ and what follows from it; and, where a build is sure, the
// workspace. Nothing is written to a registry but the proof that it may be.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "builds/phases.hpp"
#include "builds/secrets.hpp"
#include "concourse/context.hpp"
#include "image/decision.hpp"
#include "image/put_params.hpp"
#include "image/source.hpp"
#include "image/standing.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace image {

// What a put works with from its beginning to its end.
struct PutContext {
  const Source& source;
  const PutParams& params;
  const std::filesystem::path& inputs;
  registry::Client& client;
  concourse::Context& step;
  builds::Phases& phases;
};

struct Preparation {
  Found found;
  Wanted wanted;
  Decision decision;
  lifecycle::Platform platform;
  std::vector<builds::NamedSecret> secrets;  // not in a log that is kept
  std::string files;                         // lifecycle::sketch_of() a source without a commit
  // Fills the workspace for buildpacks; done already where the decision is a build.
  std::function<void()> make_workspace;
};

// For a put that builds where it must.
[[nodiscard]] Preparation prepare(const PutContext& context);
// For one that may only rebase: no source, and so no builder either; what is to be known stands in the image.
[[nodiscard]] Preparation prepare_rebase(const PutContext& context);

// The registry lost a layer of what stands, as a rebase has found: what is done instead. Error{usage} for a put that
// may only rebase.
[[nodiscard]] Decision decide_without_lost(const PutContext& context, Preparation& preparation);

// All times in the image: 1980, or what SOURCE_DATE_EPOCH says (reproducible-builds.org). RFC 3339.
[[nodiscard]] std::string creation_time(const base::Environment& environment);

}  // namespace image
