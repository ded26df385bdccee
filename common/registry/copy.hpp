// An image, or an index with all it names, from one storage into another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "registry/limits.hpp"
#include "registry/storage.hpp"

namespace registry {

struct CopyOptions {
  // Of an index this image alone; nothing: the index and all of it.
  std::optional<Platform> platform = std::nullopt;
  // Whether the artifacts that name the image (signatures, records) go with it.
  enum class Referrers { left, copied } referrers = Referrers::left;
  std::size_t transfers = HostLimits{}.transfers;  // at a time
};

struct Copied {
  RawManifest manifest;     // what now has the tag
  std::size_t present = 0;  // blobs that were there
  std::size_t mounted = 0;  // blobs that came without passing here
  std::size_t sent = 0;     // blobs that were sent
  std::uint64_t bytes = 0;  // of the sent ones
};

// Blobs first, then manifests, the named one last: what fails leaves nothing that looks whole. Nothing is sent that is
// there. Without a tag the copy is found by its digest. Error{not_found} when `from` has no such manifest.
Copied copy(Storage& from, const ManifestName& name, Storage& to, const std::optional<std::string>& tag,
            const CopyOptions& options = {});

}  // namespace registry
