// Bringing one directory back out of a layer in a registry.
#pragma once

#include <filesystem>
#include <string>

#include "lifecycle/platform.hpp"
#include "registry/client.hpp"

namespace lifecycle {

// Puts what the layer holds at `wanted` (below the layers directory) there, as the builder's user's. Everything else in
// the layer is dropped: who can push an image must not choose where files go. Nothing is put there before blob and
// diffID are verified. Error{protocol} otherwise.
void unpack_layer(registry::Client& client, const registry::Repository& repository, const registry::Descriptor& blob,
                  const std::string& diff_id, const std::filesystem::path& wanted, const Platform& platform);

}  // namespace lifecycle
