#include "concourse/request.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace concourse {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::size_t largest_request = 4UL << 20U;

struct Naming {
  Kind kind;
  std::string_view field;
  std::string_view description;
};

constexpr std::array<Naming, 4> namings{{
    {Kind::source, "uri", "source (source.uri: a git repository)"},
    {Kind::image, "repository", "image (source.repository: an image built here)"},
    {Kind::kpack_image, "image", "kpack image (source.image: an image built by kpack)"},
    {Kind::fleet, "fleet", "fleet (source.fleet: images rebased together)"},
}};

constexpr std::string_view choose_one =
    "give exactly one of source.uri (git source), source.repository (image built here), source.image (image built by "
    "kpack), source.fleet (fleet of images)";

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

Kind kind_of(const json::Value& source) {
  std::optional<Naming> found;
  for (const auto& naming : namings) {
    const auto* field = json::find(source, naming.field);
    if (field == nullptr || field->is_null()) continue;
    if (found) {
      json::wrong_value("source", fmt::format("{} and {} name two kinds of resource", found->field, naming.field),
                        std::string(choose_one));
    }
    found = naming;
  }
  if (found) return found->kind;
  // A misspelt name is more likely than a forgotten one.
  std::vector<std::string> names;
  for (const auto& naming : namings) names.emplace_back(naming.field);
  for (const auto& [name, value] : source.items()) {
    if (const auto near = json::nearest(name, names)) json::unknown_field("source", name, names);
  }
  json::wrong_value("source", "it names no kind of resource", std::string(choose_one));
}

// Concourse passes null for an absent version or params.
const json::Value* member(const json::Value& request, std::string_view name) {
  const auto* value = json::find(request, name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::string shape_text(const std::vector<std::string_view>& shape) {
  std::string text;
  for (const auto key : shape) text += fmt::format("{}{}", text.empty() ? "" : ", ", key);
  return "{" + text + "}";
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

std::string_view describe(Kind kind) {
  for (const auto& naming : namings) {
    if (naming.kind == kind) return naming.description;
  }
  return "";
}

Request read_request(std::istream& input, StepName step) {
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
  Request result{kind_of(*source), *source, std::nullopt, json::Value::object()};
  if (const auto* version = member(request, "version")) {
    result.version = json::read<Version>(*version, "version");
  }
  if (step == StepName::in && !result.version) {
    json::missing_field("request", "version", "the version that check or put reported");
  }
  if (const auto* params = member(request, "params")) {
    if (!params->is_object()) json::wrong_type("params", "an object", *params);
    result.params = *params;
  }
  return result;
}

void refuse_kind(Kind kind, std::string_view remedy) {
  throw Error(ErrorKind::usage, {"serve the kind", std::string(describe(kind)),
                                 "this version of build-service does not do this step for it", std::string(remedy)});
}

void require_version_keys(const Version& version, const std::vector<std::vector<std::string_view>>& shapes, Kind kind) {
  for (const auto& shape : shapes) {
    const bool fits = version.size() == shape.size() && std::all_of(shape.begin(), shape.end(), [&](auto key) {
                        const auto found = version.find(std::string(key));
                        return found != version.end() && !found->second.empty();
                      });
    if (fits) return;
  }
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : version) keys.push_back(key);
  std::string expected;
  for (const auto& shape : shapes) expected += (expected.empty() ? "" : " or ") + shape_text(shape);
  json::wrong_value(
      "version",
      fmt::format("{} is no version of the kind {}, which has {}", shape_text(keys), describe(kind), expected),
      "let check report the versions anew (fly check-resource)");
}

}  // namespace concourse
