// Writing to a registry (distribution-spec, "Push"): blobs that are mounted or sent, and resumed where they were cut;
// manifests. Parts of the Client, for one session; errors as there.
#pragma once

#include "registry/client.hpp"
#include "registry/session.hpp"

namespace registry {

[[nodiscard]] bool mount_blob(Session& session, const Repository& repository, const Digest& digest,
                              const Repository& from);
[[nodiscard]] Client::Upload put_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                                      const std::shared_ptr<http::Body>& body);
void put_new_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                  const std::shared_ptr<http::Body>& body);
void require_write_access(Session& session, const Repository& repository);
void put_manifest(Session& session, const Reference& reference, const RawManifest& manifest);
[[nodiscard]] Client::TagMove move_tag(Session& session, const Reference& watched, const Digest& seen,
                                       const Reference& tag, const RawManifest& manifest);
void delete_manifest(Session& session, const Repository& repository, const Digest& digest);

// The first byte that a registry misses, from the Range header of an upload's state: "0-99" means 100.
[[nodiscard]] std::optional<std::uint64_t> parse_upload_offset(std::string_view range);

}  // namespace registry
