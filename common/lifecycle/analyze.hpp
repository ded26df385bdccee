// The analysis: what the run image is, and what the image that stands at the tag now is made of (platform.md
// "analyzer").
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
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
  std::string field = "the run image";      // as its user knows it
};

// Error{usage} when no run image is named at all, {not_found, denied} when it cannot be read.
[[nodiscard]] RunImage find_run_image(registry::Client& client, const RunImageChoice& choice,
                                      const registry::Repository& target, const registry::Platform& platform);

// What stands at a name: an image that buildpacks built, or nothing, or something else that is of no use, with why.
struct PreviousLookup {
  std::optional<PreviousImage> image;
  std::string unusable;  // "it was not built by buildpacks"; empty where there is an image, and where there is nothing
  std::optional<registry::Digest> named;  // what the name stands for: an index's digest where it is one
};

// Only "not found" is absence. Error{denied} where reading is refused, {transient} where the registry does not answer.
[[nodiscard]] PreviousLookup look_up_previous_image(registry::Client& client, const registry::Reference& reference,
                                                    const registry::Platform& platform);

// What the registry still has of the previous image's layers. Nothing of what is lost can be reused.
void find_layers(registry::Client& client, PreviousImage& previous, base::Log& log);

// Whether the registry still has all that the image is made of. Its manifest is put once more by its digest, which
// changes nothing: a registry that looks after its blobs refuses it where one is lost. One request, where asking for
// each layer is as many as there are; only then, and where it takes no manifest twice, each is asked for.
[[nodiscard]] bool is_whole(registry::Client& client, const PreviousImage& image);
// Whether a registry refused a manifest because it lost a blob of it.
[[nodiscard]] bool names_lost_blob(const base::Error& error);

// The layers of an image by diffID, without those whose blobs the repository lost: the log says so. One request, as for
// is_whole(), while none is lost.
[[nodiscard]] std::map<std::string, registry::Descriptor> available_layers(registry::Client& client,
                                                                           const registry::Repository& repository,
                                                                           const registry::Image& image,
                                                                           base::Log& log);

// OS, architecture and distribution, as the image's configuration and its labels say.
[[nodiscard]] buildpacks::Target target_of(const registry::Image& image);

}  // namespace lifecycle
