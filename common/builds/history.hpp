// The history of an image's builds as files, for a get with params.builds, whichever engine built them: builds.json,
// builds.txt (the table of `kp build list`) and logs/<number>.log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "builds/record.hpp"
#include "builds/store.hpp"
#include "json/value.hpp"
#include "registry/client.hpp"

namespace builds {

// One line of the table.
struct BuildRow {
  std::uint64_t number = 0;
  std::string image;    // repository@digest; empty while there is none
  std::string reasons;  // "COMMIT,STACK", shown as "COMMIT+"
  std::string status{status::success};
  // A column that no row has anything for is left out, so that kpack's table is `kp build list`'s own.
  std::string image_resource;  // kpack's Image
  std::string commit;
  std::string finished;
};

// BUILD, STATUS, BUILT IMAGE, REASON, and what else there is, in the order of `rows`.
[[nodiscard]] std::string build_table(const std::vector<BuildRow>& rows);

struct HistoryEntry {
  BuildRow row;
  json::Value document;            // in builds.json
  std::optional<std::string> log;  // nothing: no file
};

// `entries` are in the order of the table: oldest first.
void write_history(const std::vector<HistoryEntry>& entries, const std::filesystem::path& destination);

// The newest `count` builds up to `newest`, from their records; what the registry does not have any more of older ones
// stands in the table as far as `newest` itself tells. Where `repository` is a mirror, `origin` is asked for what that
// lacks.
void write_history(registry::Client& client, const registry::Repository& repository, const StoredRecord& newest,
                   std::uint32_t count, const std::filesystem::path& destination, base::Log& log,
                   const std::optional<registry::Repository>& origin = std::nullopt);

}  // namespace builds
