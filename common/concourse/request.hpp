// The JSON object that Concourse writes to a step's stdin: source, version and params, still untyped. Each kind reads
// its own fields by json/fields.hpp.
#pragma once

#include <istream>
#include <optional>
#include <string>

#include "concourse/version.hpp"
#include "json/value.hpp"

namespace concourse {

enum class StepName { check, in, out };
// "check", "in", "out".
[[nodiscard]] std::string_view name_of(StepName step);

struct Request {
  json::Value source;
  std::optional<Version> version;  // check: absent the first time; in: whatever the kind makes of it when it is absent
  json::Value params;              // an object, empty when absent
};

// Reads and checks the envelope: unknown top-level fields, a version whose values are not text.
// At most 4 MiB are read. Error{usage, protocol}.
[[nodiscard]] Request read_request(std::istream& input);

// The version of a get, for kinds whose gets need one. Error{usage} where the request has none.
[[nodiscard]] const Version& require_version(const Request& request);

}  // namespace concourse
