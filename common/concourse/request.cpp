#include "concourse/request.hpp"

#include <array>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace concourse {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t largest_request = 4UL << 20U;

std::string read_all(std::istream& input) {
  std::string text;
  std::array<char, 16384> buffer{};
  while (input.read(buffer.data(), buffer.size()) || input.gcount() > 0) {
    text.append(buffer.data(), static_cast<std::size_t>(input.gcount()));
    if (text.size() > largest_request) {
      throw Error(ErrorKind::usage, {"read", "the request on stdin", "it is larger than 4 MiB", ""});
    }
  }
  return text;
}

// Concourse passes null for an absent version or params.
const json::Value* member(const json::Value& request, std::string_view name) {
  const auto* value = json::find(request, name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

}  // namespace

std::string_view name_of(StepName step) {
  switch (step) {
    case StepName::check:
      return "check";
    case StepName::in:
      return "in";
    case StepName::out:
      return "out";
  }
  return "";
}

Request read_request(std::istream& input) {
  const std::string text = read_all(input);
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    throw Error(ErrorKind::usage, {"read", "the request on stdin", "it is empty",
                                   "give a JSON object with source, as Concourse does; see --help"});
  }
  const json::Value request = json::parse(text, "the request on stdin");
  if (!request.is_object()) json::wrong_type("the request on stdin", "an object", request);
  for (const auto& [name, value] : request.items()) {
    // Concourse's own envelope grows from time to time, but never in these three.
    if (name != "source" && name != "version" && name != "params") {
      json::unknown_field("request", name, {"source", "version", "params"});
    }
  }
  const auto* source = member(request, "source");
  if (source == nullptr) json::missing_field("request", "source", "the resource's source");
  if (!source->is_object()) json::wrong_type("source", "an object", *source);
  Request result{*source, std::nullopt, json::Value::object()};
  if (const auto* version = member(request, "version")) {
    result.version = json::read<Version>(*version, "version");
  }
  if (const auto* params = member(request, "params")) {
    if (!params->is_object()) json::wrong_type("params", "an object", *params);
    result.params = *params;
  }
  return result;
}

const Version& require_version(const Request& request) {
  if (!request.version) json::missing_field("request", "version", "the version that check or put reported");
  return *request.version;
}

}  // namespace concourse
