// An image as a directory: its layers unpacked over each other, verified twice (the digest of what came, and the
// diffID of what it unpacks to). Both are known only at a layer's end: what was unpacked by then is worthless without.
//
//   registry --> sha256 --> [ Spool ] --> inflate --> [ ReadAhead ] --> tar --> files
//   a thread for each of six layers      one thread        \ --> sha256  the caller's thread
//                                                             one thread
#pragma once

#include <filesystem>

#include "base/log.hpp"
#include "registry/client.hpp"

namespace image {

// Fills `directory`, which must be there. What the disk or the user may not hold (devices) is noted in the log.
void unpack_rootfs(registry::Client& client, const registry::Repository& repository, const registry::Image& image,
                   const std::filesystem::path& directory, base::Log& log);

// metadata.json and labels.json, as Concourse's tasks and the registry-image resource have them.
[[nodiscard]] std::string metadata_json(const registry::Image& image);
[[nodiscard]] std::string labels_json(const registry::Image& image);

}  // namespace image
