// The analysis: what the run image is, and what the image that stands at the tag now is made of (platform.md
// "analyzer").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "buildpacks/descriptor.hpp"
#include "lifecycle/metadata.hpp"
#include "registry/client.hpp"

namespace lifecycle {

struct RunImage {
  registry::Reference reference;  // by the digest of this platform's manifest
  registry::Image image;
  buildpacks::Target target;
  buildpacks::RunImage name;  // and its mirrors, for rebases to come
};

struct PreviousImage {
  registry::Reference reference;  // by the digest of this platform's manifest
  registry::Image image;
  LayersMetadata metadata;
  // By diffID: layers whose blobs the repository still has, once find_layers() has looked.
  std::map<std::string, registry::Descriptor> layers;
  // It is one of several platforms below the name that was asked for.
  bool in_index = false;
};

struct Analysis {
  RunImage run_image;
  std::optional<PreviousImage> previous;
};

// Which references may be the run image: one that the user named, else those of the builder's run.toml.
struct RunImageChoice {
  std::optional<registry::Reference> named;
  std::vector<buildpacks::RunImage> known;  // run.toml
};

// Error{usage} when no run image is named at all, {not_found, denied} when it cannot be read.
[[nodiscard]] RunImage find_run_image(registry::Client& client, const RunImageChoice& choice,
                                      const registry::Repository& target, const registry::Platform& platform);

// Nothing when there is none, or when it was not made by buildpacks: then the log says so.
[[nodiscard]] std::optional<PreviousImage> find_previous_image(registry::Client& client,
                                                               const registry::Reference& reference,
                                                               const registry::Platform& platform, base::Log& log);

// Asks for each layer of the previous image. Nothing of what is lost can be reused.
void find_layers(registry::Client& client, PreviousImage& previous, base::Log& log);

// The layers of an image by diffID, without those whose blobs the repository lost: the log says so.
[[nodiscard]] std::map<std::string, registry::Descriptor> available_layers(registry::Client& client,
                                                                           const registry::Repository& repository,
                                                                           const registry::Image& image,
                                                                           base::Log& log);

// OS, architecture and distribution, as the image's configuration and its labels say.
[[nodiscard]] buildpacks::Target target_of(const registry::Image& image);

}  // namespace lifecycle
