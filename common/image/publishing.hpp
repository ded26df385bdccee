// Publishing what a put made: the build record with all that is known of the build, then the tags.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "builds/phases.hpp"
#include "builds/secrets.hpp"
#include "builds/store.hpp"
#include "concourse/context.hpp"
#include "image/source.hpp"
#include "registry/client.hpp"

namespace image {

// When a put began.
struct Start {
  base::WallTime wall;
  base::SteadyTime steady;
};

struct PublishingOptions {
  std::vector<std::string> additional_tags;
  std::vector<builds::NamedSecret> secrets;  // not in the log that is kept
  Start start;
};

struct Publishable {
  registry::RawManifest manifest;
  builds::BuildRecord record;  // what is known of the build before it is published
  // What stood when the put began, and when that was seen.
  std::optional<registry::Digest> previous;
  base::SteadyTime previous_seen;
  std::optional<builds::StoredRecord> previous_record;
  bool previous_record_unknown = false;  // one short try gave no answer: it is asked for again
};

// Moves the tags; the record as it was written. An image is good without its record: that one which cannot be written
// is a warning.
[[nodiscard]] builds::BuildRecord publish(registry::Client& client, const Source& source,
                                          const PublishingOptions& options, Publishable what,
                                          const builds::Phases& phases, concourse::Context& context);

// Sets the tags beside the watched one to an image that stands.
void tag_again(registry::Client& client, const Source& source, const std::vector<std::string>& tags,
               const registry::RawManifest& image, base::Log& log);

}  // namespace image
