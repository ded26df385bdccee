// The rebase: an image's layers of the application on another run image, without its source and without a build
// (platform.md "rebaser"). Nothing of the application is read or sent: new are the configuration and the manifest.
#pragma once

#include <optional>
#include <string>

#include "base/log.hpp"
#include "lifecycle/analyze.hpp"
#include "lifecycle/app_image.hpp"
#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace lifecycle {

// What stands against it, as the specification's checks have it: the image says it is not rebasable, it does not know
// where its own layers begin, the operating system, architecture or distribution differ.
[[nodiscard]] std::optional<std::string> obstacle_to_rebase(const PreviousImage& app, const RunImage& run_image);

// Whether the run image is the one that the image was built on, another tag of it, or a mirror; on others it needs the
// user's word.
[[nodiscard]] bool is_own_run_image(const PreviousImage& app, const RunImage& run_image);

// The image's configuration and layers on the new base. Stack and base labels, operating system and architecture
// are the base's; variables, the user's and all other labels stay. A pure function.
[[nodiscard]] ComposedImage compose_rebased(const PreviousImage& app, const RunImage& run_image);

struct Rebased {
  registry::RawManifest manifest;
  std::size_t kept = 0;        // layers of the application
  std::uint64_t uploaded = 0;  // bytes
  std::uint64_t size = 0;      // of the whole image, compressed
};

// Brings the base's layers and the configuration to `repository`; the manifest is its caller's to push.
// Error{usage} when there is an obstacle.
[[nodiscard]] Rebased rebase(registry::Client& client, const Platform& platform, const PreviousImage& app,
                             const RunImage& run_image, base::Log& log);

}  // namespace lifecycle
