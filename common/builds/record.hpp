// The build record: what is to be known of a build when its container is gone: number, reasons, commit, phases. It
// also lists the builds before it, so that one look tells the history of a tag. That is `kp build list` without kpack.
// Every engine writes it in this form; builds/store.hpp keeps it beside the image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "builds/origin.hpp"
#include "builds/phases.hpp"
#include "builds/reason.hpp"
#include "json/value.hpp"

namespace builds {

namespace status {
inline constexpr std::string_view success = "SUCCESS";
inline constexpr std::string_view failure = "FAILURE";
}  // namespace status

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
  std::string status{status::success};
  std::string kind;    // "build" or "rebase"
  std::string engine;  // "kpack", "fleet"; empty: the embedded lifecycle
  std::string image;   // repository@digest
  std::string tag;
  std::vector<Change> changes;
  Origin origin;
  std::string files;  // of a source without a commit: by what the next build counts the files that changed
  std::string builder;
  std::string run_image;
  std::string build_url;  // of the Concourse build
  std::string fleet;      // repository@digest of the fleet's record that this build was a part of; empty: of none
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

// Members that came later (engine, fleet, subject, files) are left out where they are empty.
[[nodiscard]] json::Value to_json(const BuildRecord& record);
// Lenient: a record may be a later version's. Nothing when it is not a record.
[[nodiscard]] std::optional<BuildRecord> parse_build_record(std::string_view text);

// The digest in "repository@digest"; the whole text where there is no '@'.
[[nodiscard]] std::string digest_in(const std::string& image);

}  // namespace builds
