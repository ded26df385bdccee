// Publishing an image: its build record, and the tags last, so that who follows a tag finds all that belongs to it. No
// registry can move a tag on a condition, so the tag is looked at once more right before.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "registry/client.hpp"

namespace builds {

struct Publication {
  registry::Repository repository;
  registry::RawManifest image;
  // The first one is watched: it is looked at, and the others follow it. At least one.
  std::vector<std::string> tags;

  // What is done when the watched tag no longer names `seen`.
  enum class Moved { overwritten, left_alone } when_moved = Moved::overwritten;
  // What the tag named when the work was planned; nothing: there was no such tag.
  std::optional<registry::Digest> seen;
  // That was a moment ago, and what is overwritten needs no second look: the record's writing takes as long.
  enum class Seen { before, just_now } when_seen = Seen::before;

  // Both may be empty, and are given what the tag names now. `looked` is called before anything is written, `record`
  // before the image's manifest, which is sent under its tags alone.
  using Step = std::function<void(const std::optional<registry::Digest>& standing)>;
  Step looked;
  Step record;
};

struct Published {
  // False: the tag was moved by another and left alone, no tag was set, and `standing` is what it names now.
  bool tagged = false;
  std::optional<registry::Digest> standing;  // right before the tag moved
};

// Sets a tag. Where the registry refuses that and the tag names the image already, as one that is immutable does when a
// put is repeated, nothing is left to do. Errors as registry::Client has them.
void set_tag(registry::Client& client, const registry::Reference& tag, const registry::RawManifest& image);

// Errors as registry::Client has them. All blobs of the image must be there.
[[nodiscard]] Published publish(registry::Client& client, const Publication& publication);

}  // namespace builds
