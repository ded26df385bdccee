// Build records in a registry: an OCI artifact whose subject is the image (image-spec, manifest.md, "subject"). The
// record stands in an annotation of its manifest, so that who lists what refers to an image has read it. A short log
// stands beside it, and then there is no blob but the empty object ("Guidelines for Artifact Usage", an artifact of
// annotations alone); a long one is the only layer, and the record is the configuration too.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "builds/record.hpp"
#include "registry/client.hpp"

namespace builds {

inline constexpr std::string_view record_type = "application/vnd.build-service.build.v1+json";

struct StoredRecord {
  BuildRecord record;
  registry::Digest digest;  // of its manifest
  // As far as it was told: a list of what refers to an image knows nothing of layers.
  std::optional<registry::Descriptor> log = std::nullopt;
  std::optional<std::string> short_log = std::nullopt;
};

// The record of the newest build that gave this image; nothing when the registry says that there is none. Errors as
// registry::Client has them, {protocol} where what it names cannot be read.
[[nodiscard]] std::optional<StoredRecord> find_record(registry::Client& client, const registry::Repository& repository,
                                                      const registry::Digest& image);
// The same for who can do without. A registry that refuses, fails or has lost what it names has not said that there is
// no record: then it is not known.
struct RecordLookup {
  std::optional<StoredRecord> record;
  std::string unknown;  // why; empty where it is known that there is one, or that there is none
};
[[nodiscard]] RecordLookup look_for_record(registry::Client& client, const registry::Repository& repository,
                                           const registry::Digest& image);
// By the digest of the record's manifest; errors as registry::Client has them, {protocol} when it is not a record.
[[nodiscard]] StoredRecord read_record(registry::Client& client, const registry::Repository& repository,
                                       const registry::Digest& digest);
// Nothing where none was kept, as by a rebase in a fleet.
[[nodiscard]] std::optional<std::string> read_log(registry::Client& client, const registry::Repository& repository,
                                                  const StoredRecord& stored);

// `record` becomes the one after `previous`: its number and its history.
void follow(BuildRecord& record, const std::optional<StoredRecord>& previous);

// The manifest of a record without a log, or with a short one, and the only blob that it names.
[[nodiscard]] registry::RawManifest record_manifest(const registry::RawManifest& image, const BuildRecord& record,
                                                    const std::optional<std::string>& short_log = std::nullopt);
[[nodiscard]] registry::Descriptor empty_blob();

// Written before any tag names the image, so that who follows a tag finds it. The image's manifest need not be there
// yet (image-spec: "a manifest and its referrers in either order"); a registry that wants it first gets it, by digest.
// All blobs of the image should be there, and the empty object as require_write_access() leaves it. Gives the record's
// manifest.
registry::RawManifest write_record(registry::Client& client, const registry::Repository& repository,
                                   const registry::RawManifest& image, const BuildRecord& record,
                                   const std::optional<std::string>& log);
// The same where a failure does not fail the step: a registry may take no artifacts. The log says how it ended.
void try_to_write_record(registry::Client& client, const registry::Repository& repository,
                         const registry::RawManifest& image, const BuildRecord& record,
                         const std::optional<std::string>& text, base::Log& log);

}  // namespace builds
