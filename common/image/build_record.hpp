// The build record: what is to be known of a build when its container is gone, kept beside the image as an OCI artifact
// whose subject the image is (image-spec, manifest.md, "subject"): number, reasons, commit, phases, log. It also lists
// the builds before it, so that one look tells the history of a tag. That is `kp build list` and `kp build logs`
// without kpack.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"
#include "lifecycle/changes.hpp"
#include "registry/client.hpp"

namespace image {

inline constexpr std::string_view record_type = "application/vnd.build-service.build.v1+json";

// One phase of a build. Seconds; `cpu` is of this process and of the buildpacks that it ran.
struct PhaseTime {
  std::string name;
  double seconds = 0;
  double cpu = 0;
};

// A build before the one of the record, newest first.
struct EarlierBuild {
  std::uint64_t number = 0;
  std::string image;    // the image's digest
  std::string record;   // the digest of its record's manifest
  std::string reasons;  // "COMMIT,STACK"
  std::string finished;
};

struct BuildRecord {
  std::uint64_t number = 1;
  std::string kind;   // "build" or "rebase"
  std::string image;  // repository@digest
  std::string tag;
  std::vector<lifecycle::Change> changes;
  lifecycle::Origin origin;
  std::string builder;
  std::string run_image;
  std::string build_url;  // of the Concourse build
  std::string started;    // RFC 3339
  std::string finished;
  double seconds = 0;
  std::vector<PhaseTime> phases;
  std::uint64_t layers = 0;    // beside the run image's
  std::uint64_t reused = 0;    // of these
  std::uint64_t uploaded = 0;  // bytes
  std::uint64_t size = 0;      // of the whole image, compressed
  std::vector<EarlierBuild> earlier;
};

[[nodiscard]] json::Value to_json(const BuildRecord& record);
// Lenient: a record may be a later version's. Nothing when it is no record.
[[nodiscard]] std::optional<BuildRecord> parse_build_record(std::string_view text);

struct StoredRecord {
  BuildRecord record;
  registry::Digest digest;   // of its manifest
  registry::Descriptor log;  // the build's log, text
};

// The record of the newest build that gave this image. Nothing when there is none, or none that can be read: then the
// log says so, for an image is good without its record.
[[nodiscard]] std::optional<StoredRecord> find_record(registry::Client& client, const registry::Repository& repository,
                                                      const registry::Digest& image, base::Log& log);
// By the digest of the record's manifest; errors as registry::Client has them, {protocol} when it is no record.
[[nodiscard]] StoredRecord read_record(registry::Client& client, const registry::Repository& repository,
                                       const registry::Digest& digest);
[[nodiscard]] std::string read_log(registry::Client& client, const registry::Repository& repository,
                                   const StoredRecord& stored);

// `record` becomes the one after `previous`: its number and its history.
void follow(BuildRecord& record, const std::optional<StoredRecord>& previous);

// The image's manifest must be in the registry.
void write_record(registry::Client& client, const registry::Repository& repository, const registry::RawManifest& image,
                  const BuildRecord& record, const std::string& log);

}  // namespace image
