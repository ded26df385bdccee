// Fetching the layers of an image, several at a time, while they are unpacked in their order (archive/spool.hpp).
#pragma once

#include <filesystem>
#include <memory>

#include "archive/input.hpp"
#include "registry/client.hpp"

namespace image {

class Layers {
 public:
  virtual ~Layers() = default;
  // The bytes of the layer at `index` as they come: not verified yet, but its end is reached only after they were. What
  // fails its transfer is thrown by reading. Each may be asked for once.
  [[nodiscard]] virtual std::unique_ptr<archive::Input> open(std::size_t index) = 0;
  // Waits for the transfer of the layer at `index` and throws what it failed with; what is not read of it is dropped.
  virtual void require_whole(std::size_t index) = 0;
  // Ends the transfers that are under way; whoever reads gets an Error.
  virtual void cancel() = 0;
};

// Begins to fetch; what has to wait for its turn on disk is in `directory`. Ending its life ends the transfers.
[[nodiscard]] std::unique_ptr<Layers> fetch_layers(registry::Client& client, const registry::Repository& repository,
                                                   const std::vector<registry::Descriptor>& layers,
                                                   const std::filesystem::path& directory);

}  // namespace image
