#include "concourse/response.hpp"

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
  if (names.size() == 1) return fmt::format("{}: the newest version is {}", where, newest);
  return fmt::format("{}: {} versions, the newest is {}", where, names.size(), newest);
}

void write_version(std::ostream& output, const VersionAndMetadata& answer) {
  json::Value metadata = json::Value::array();
  for (const auto& [name, value] : answer.metadata) metadata.push_back({{"name", name}, {"value", value}});
  write_line(output, {{"version", answer.version}, {"metadata", metadata}});
}

}  // namespace concourse
