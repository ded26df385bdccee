// The history of an image's builds as files, for a get with params.builds: builds.json, builds.txt (the table of
// `kp build list`) and logs/<number>.log.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/log.hpp"
#include "image/build_record.hpp"
#include "registry/client.hpp"

namespace image {

// The newest `count` builds up to `newest`; what the registry does not have any more of older ones stands in the table
// as far as `newest` itself tells.
void write_builds(registry::Client& client, const registry::Repository& repository, const StoredRecord& newest,
                  std::uint32_t count, const std::filesystem::path& destination, base::Log& log);

// BUILD, STATUS, BUILT IMAGE, REASON; oldest first. "COMMIT+" where there are several reasons.
struct BuildRow {
  std::uint64_t number = 0;
  std::string image;
  std::string reasons;
};
[[nodiscard]] std::string build_table(const std::vector<BuildRow>& rows);

}  // namespace image
