#include "concourse/response.hpp"

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

void write_version(std::ostream& output, const VersionAndMetadata& answer) {
  json::Value metadata = json::Value::array();
  for (const auto& [name, value] : answer.metadata) metadata.push_back({{"name", name}, {"value", value}});
  write_line(output, {{"version", answer.version}, {"metadata", metadata}});
}

}  // namespace concourse
