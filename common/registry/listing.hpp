// What a registry lists: tags, and the artifacts that refer to an image (distribution-spec, "Content Discovery").
// Parts of the Client, for one session; errors as there.
#pragma once

#include "registry/client.hpp"
#include "registry/session.hpp"

namespace registry {

[[nodiscard]] std::vector<std::string> tags(Session& session, const Repository& repository);
[[nodiscard]] std::vector<Descriptor> referrers(Session& session, const Repository& repository, const Digest& subject,
                                                std::string_view artifact_type);

// Where a registry keeps no referrers, whoever pushes an artifact lists it in the index tagged "sha256-<hex>".
void add_to_referrers_tag(Session& session, const Repository& repository, const RawManifest& manifest);

}  // namespace registry
