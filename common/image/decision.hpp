// What a put does: a pure function of what is wanted, what stands at the tag and the run image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builds/reason.hpp"
#include "image/put_params.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/builder_contents.hpp"
#include "lifecycle/changes.hpp"

namespace image {

struct Wanted {
  std::string target;  // "registry.example.com/acme/app:main"
  lifecycle::BuildInputs inputs;
  lifecycle::BuilderContents builder;
  Rebase rebase = Rebase::automatic;
  bool force = false;
  bool clear_cache = false;
};

struct Standing {
  lifecycle::PreviousLookup previous;
  // The registry lost a blob of what stands: that can neither be the answer nor be rebased.
  bool lost_layers = false;
};

enum class Action { unchanged, rebase, build };

struct Decision {
  Action action = Action::build;
  std::vector<builds::Change> changes;  // none exactly when nothing changed
  // The run image alone has changed, and yet there is a build: why. Empty: the user wanted it so, or more has changed.
  std::string no_rebase;
};

[[nodiscard]] Decision decide(const Wanted& wanted, const Standing& standing, const lifecycle::RunImage& run_image);

// The same for a put that may only rebase: never a build. Error{not_found} where no image of buildpacks stands,
// {usage} where it cannot be rebased, or must be forced to.
[[nodiscard]] Decision decide_rebase(const std::string& target, bool force, const Standing& standing,
                                     const std::optional<lifecycle::RunImage>& run_image);

}  // namespace image
