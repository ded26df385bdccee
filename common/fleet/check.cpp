#include "fleet/check.hpp"

#include <algorithm>

#include "concourse/response.hpp"
#include "fleet/report.hpp"
#include "fleet/store.hpp"
#include "registry/connection.hpp"

namespace fleet {

std::vector<concourse::Version> check(const registry::Reference& record, const std::optional<Version>& version,
                                      registry::Client& client) {
  auto known = list_records(client, record);
  if (known.empty()) return {};
  const auto given = std::find_if(known.begin(), known.end(),
                                  [&](const Known& entry) { return version && entry.fleet == version->fleet; });
  known.erase(given == known.end() ? known.begin() + 1 : given + 1, known.end());
  std::vector<concourse::Version> result;
  for (auto entry = known.rbegin(); entry != known.rend(); ++entry) {
    result.push_back(write_version(entry->fleet, entry->run_image));
  }
  return result;
}

std::vector<concourse::Version> check(const Source& source, const std::optional<Version>& version,
                                      concourse::Context& context) {
  const auto connection = registry::connect(source.hosts, context);
  auto found = check(source.record, version, *connection.registry);
  std::vector<std::string> names;
  // The digest, as short as the fleet's tables have it.
  for (const auto& one : found) names.push_back(short_digest("@" + one.at("fleet")));
  const auto known = version ? std::optional(std::string(version->fleet.short_hex())) : std::nullopt;
  context.log.info(concourse::news_of("fleet " + source.record.text(), names, known));
  return found;
}

}  // namespace fleet
