// Reading from a registry (distribution-spec, "Pull"): manifests, images through indexes, blobs that are resumed.
// Parts of the Client, for one session; errors as there.
#pragma once

#include "registry/client.hpp"
#include "registry/session.hpp"

namespace registry {

[[nodiscard]] std::optional<Descriptor> resolve(Session& session, const Reference& reference,
                                                http::Request::Turn turn = http::Request::Turn::by_method);
[[nodiscard]] std::optional<base::WallTime> pushed_at(Session& session, const Reference& reference);
[[nodiscard]] std::optional<RawManifest> find_manifest(Session& session, const Reference& reference);
[[nodiscard]] std::optional<Image> find_image(Session& session, const Reference& reference, const Platform& platform);
[[nodiscard]] bool has_blob(Session& session, const Repository& repository, const Digest& digest);
[[nodiscard]] std::string blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                               std::uint64_t limit);
void stream_blob(Session& session, const Repository& repository, const Descriptor& descriptor,
                 const Client::ByteSink& sink);

// "registry.example.com/acme/app@sha256:3f2a..." for messages.
[[nodiscard]] std::string blob_name(const Repository& repository, const Digest& digest);

}  // namespace registry
