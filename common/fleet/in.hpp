// in of the fleet kind: the record as files, from that artifact alone, so that a version gives the same for ever.
#pragma once

#include <filesystem>

#include "concourse/context.hpp"
#include "concourse/version.hpp"
#include "fleet/params.hpp"
#include "fleet/record.hpp"
#include "fleet/source.hpp"
#include "fleet/version.hpp"
#include "registry/client.hpp"

namespace fleet {

[[nodiscard]] concourse::VersionAndMetadata in(const Source& source, const InParams& params, const Version& version,
                                               const std::filesystem::path& destination, concourse::Context& context);
// The same on a registry client.
[[nodiscard]] concourse::VersionAndMetadata fetch(const registry::Reference& record, const Version& version,
                                                  const InParams& params, const std::filesystem::path& destination,
                                                  registry::Client& client, base::Log& log);

// fleet, run_image, record.json, images.json, changed.json and changed.tsv, report.md, report.html, and
// needs-build.json where an image needs one.
void write_files(const FleetRecord& record, const registry::Digest& fleet, const std::filesystem::path& destination);

// deploy/kustomization.yaml: each image that the put moved, by its repository. Where it moved several tags of one
// repository to several digests, a kustomization cannot tell them apart, and that repository is left out.
void write_kustomization(const FleetRecord& record, const std::filesystem::path& destination);

// What the build's page shows beside a version.
[[nodiscard]] concourse::Metadata metadata_of(const FleetRecord& record);

}  // namespace fleet
