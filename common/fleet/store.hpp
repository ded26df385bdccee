// The fleet's record in a registry: an OCI artifact under one tag, whose configuration is the record as JSON
// (image-spec, manifest.md, "Guidelines for Artifact Usage"). Its annotations name the puts before it, so that a check
// is one request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fleet/record.hpp"
#include "registry/client.hpp"

namespace fleet {

inline constexpr std::string_view fleet_type = "application/vnd.build-service.fleet.v1+json";

// What a version of the fleet is known by.
struct Known {
  registry::Digest fleet;  // of the record's manifest
  std::string run_image;   // by digest
};

// The record that the tag names, and those before it that it knows, newest first. Nothing when there is none yet.
// Error{protocol} when it is not a fleet's record.
[[nodiscard]] std::vector<Known> list_records(registry::Client& client, const registry::Reference& record);

struct StoredFleet {
  FleetRecord record;
  registry::Digest digest;  // of its manifest
};

// The record under `record`'s tag. Nothing when there is none; Error{protocol} when it is not a record, or another
// fleet's.
[[nodiscard]] std::optional<StoredFleet> find_fleet(registry::Client& client, const registry::Reference& record);
// The same of a version; Error{not_found} when the registry does not have it any more.
[[nodiscard]] StoredFleet read_fleet(registry::Client& client, const registry::Reference& record,
                                     const registry::Digest& fleet);

// Where the record's repository cannot be written to, this is the error: before anything of the fleet is touched.
void require_writable(registry::Client& client, const registry::Reference& record);

// What the record's tag does: a dry run leaves it where it is, so that no check finds its record.
enum class RecordTag { moved, left };
[[nodiscard]] registry::Digest write_fleet(registry::Client& client, const registry::Reference& reference,
                                           const FleetRecord& record, RecordTag tag);

}  // namespace fleet
