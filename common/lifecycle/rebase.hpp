// The rebase: an image's layers of the application on another run image, without its source and without a build
// (platform.md "rebaser"). Nothing of the application is read or sent: new are the configuration and the manifest. It
// needs no builder and nothing on disk, and a fleet may call it a thousand times side by side: find_run_image() once,
// then for each image look_up_previous_image() (two requests), rebase() (two, and one for each layer of the base that
// the repository lacks) and builds::publish().
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/app_image.hpp"
#include "registry/client.hpp"
#include "registry/limits.hpp"

namespace lifecycle {

// What stands against it, as the specification's checks have it: the image says it is not rebasable, it does not know
// where its own layers begin, the operating system, architecture or distribution differ.
[[nodiscard]] std::optional<std::string> obstacle_to_rebase(const PreviousImage& app, const RunImage& run_image);

// How many of the image's layers are its base's, from the bottom; nothing when its metadata do not tell.
[[nodiscard]] std::optional<std::size_t> base_layers(const PreviousImage& app);

// Whether the run image is the one that the image was built on, another tag of it, or a mirror; on others it needs the
// user's word.
[[nodiscard]] bool is_own_run_image(const PreviousImage& app, const RunImage& run_image);

// The image's configuration and layers on the new base. Stack and base labels, operating system and architecture
// are the base's; variables, the user's and all other labels stay, and so do the manifest's annotations, but for those
// that name the base. A pure function.
[[nodiscard]] ComposedImage compose_rebased(const PreviousImage& app, const RunImage& run_image);

// Layers of the base that the image does not name, each once: its own manifest vouches for the others.
[[nodiscard]] std::vector<registry::Descriptor> missing_layers(const PreviousImage& app, const RunImage& run_image);

struct Rebased {
  registry::RawManifest manifest;
  std::size_t kept = 0;        // layers of the application
  std::uint64_t uploaded = 0;  // bytes
  std::uint64_t size = 0;      // of the whole image, compressed
};

// Brings the base's layers and the configuration to the image's repository, `lanes` layers at a time; the manifest is
// its caller's to push. The image's own manifest vouches for the layers that it names: none of them is asked for.
// Error{usage} when there is an obstacle, or when the image would have more layers than anything starts.
[[nodiscard]] Rebased rebase(registry::Client& client, const PreviousImage& app, const RunImage& run_image,
                             std::size_t lanes = registry::HostLimits{}.transfers);

}  // namespace lifecycle
