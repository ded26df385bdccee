#include "concourse/response.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/value.hpp"

namespace concourse {
namespace {

// An answer that was cut short must not look like one: a full disk or a closed pipe fails the step.
void write_line(std::ostream& output, const json::Value& value) {
  output << json::dump(value) << '\n' << std::flush;
  if (!output) {
    throw base::Error(base::ErrorKind::internal, {"write", "the answer to stdout", "the output is closed or full", ""});
  }
}

}  // namespace

void write_versions(std::ostream& output, const std::vector<Version>& versions) {
  json::Value list = json::Value::array();
  for (const auto& version : versions) list.push_back(version);
  write_line(output, list);
}

std::string news_of(std::string_view where, const std::vector<std::string>& names,
                    const std::optional<std::string>& known) {
  if (names.empty()) return fmt::format("{}: there is no version yet", where);
  const auto& newest = names.back();
  if (known == newest) return fmt::format("{}: nothing newer than {}", where, newest);
  const auto found = known ? std::find(names.begin(), names.end(), *known) : names.end();
  if (found == names.end()) {
    return names.size() == 1 ? fmt::format("{}: the newest version is {}", where, newest)
                             : fmt::format("{}: {} versions, the newest is {}", where, names.size(), newest);
  }
  const auto count = names.end() - found - 1;
  return count == 1 ? fmt::format("{}: 1 new version: {}", where, newest)
                    : fmt::format("{}: {} new versions, the newest is {}", where, count, newest);
}

void write_version(std::ostream& output, const VersionAndMetadata& answer) {
  json::Value metadata = json::Value::array();
  for (const auto& [name, value] : answer.metadata) metadata.push_back({{"name", name}, {"value", value}});
  write_line(output, {{"version", answer.version}, {"metadata", metadata}});
}

}  // namespace concourse
