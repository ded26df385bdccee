// What a put finds in registries before it decides, and what it may do there.
#pragma once

#include <optional>
#include <vector>

#include "builds/store.hpp"
#include "image/decision.hpp"
#include "image/source.hpp"
#include "lifecycle/analyze.hpp"
#include "registry/client.hpp"

namespace image {

struct Found {
  Standing standing;
  base::SteadyTime seen;                       // when that was
  std::optional<builds::StoredRecord> record;  // of the image that stands
  bool record_unknown = false;                 // the registry did not say whether there is one
  std::optional<lifecycle::RunImage> run_image;
};

// The tag that a put of this source sets first.
[[nodiscard]] std::string watched_tag(const Source& source);
[[nodiscard]] registry::Reference target_of(const Source& source);
// In the image's own repository by default: the credentials serve, and layers that both share are sent once.
[[nodiscard]] registry::Reference cache_of(const Source& source);

// Proves the right to write, then to read, before any work is done: only "not found" is absence. The run image is
// looked up beside the image where `choice` does not depend on it. Error{denied} with the field to mend.
[[nodiscard]] Found look_up(registry::Client& client, const Source& source, const lifecycle::RunImageChoice& choice,
                            base::Log& log);
// For a rebase alone: the image itself tells which run image it wants where none is named.
[[nodiscard]] Found look_up_for_rebase(registry::Client& client, const Source& source, lifecycle::RunImageChoice choice,
                                       base::Log& log);

}  // namespace image
