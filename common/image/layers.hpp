// Fetching the layers of an image: several at a time into files, so that a layer is read only after its last byte
// was verified, while the next ones are under way.
#pragma once

#include <filesystem>
#include <memory>

#include "base/log.hpp"
#include "registry/client.hpp"

namespace image {

class Layers {
 public:
  virtual ~Layers() = default;
  // The file of the layer at `index`, complete and verified; waits for it. Each may be asked for once: the file is
  // its caller's to remove.
  [[nodiscard]] virtual std::filesystem::path wait(std::size_t index) = 0;
  // Ends the transfers that are under way; whoever waits for one gets an Error.
  virtual void cancel() = 0;
};

// Begins to fetch into `directory`. Ending its life ends the transfers.
[[nodiscard]] std::unique_ptr<Layers> fetch_layers(registry::Client& client, const registry::Repository& repository,
                                                   const std::vector<registry::Descriptor>& layers,
                                                   const std::filesystem::path& directory);

}  // namespace image
