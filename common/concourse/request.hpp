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

// The four kinds of resource. The field of `source` that names the thing says which kind it is.
enum class Kind { source, image, kpack_image, fleet };

struct Request {
  Kind kind;
  json::Value source;
  std::optional<Version> version;  // check: absent the first time; in: always there
  json::Value params;              // an object, empty when absent
};

// Reads and checks the envelope: unknown top-level fields, several kinds or none, a version whose values are no text.
// At most 4 MiB are read. Error{usage, protocol}.
[[nodiscard]] Request read_request(std::istream& input, StepName step);

// "source (source.uri)": the kind as people know it.
[[nodiscard]] std::string_view describe(Kind kind);

// Error{usage} for a kind that a step of this version cannot serve: never an empty answer, which a pipeline would take
// for "nothing new".
[[noreturn]] void refuse_kind(Kind kind, std::string_view remedy);

// Checks that `version` has exactly these keys, each non-empty: a version of another kind is an error that shows what
// this kind's versions look like.
void require_version_keys(const Version& version, const std::vector<std::vector<std::string_view>>& shapes, Kind kind);

}  // namespace concourse
