#include "concourse/kind.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "json/fields.hpp"

namespace concourse {
namespace {

std::string choose_one(std::span<const Kind> kinds) {
  std::string text;
  for (const auto& kind : kinds)
    text += fmt::format("{}source.{} ({})", text.empty() ? "" : ", ", kind.field, kind.what);
  return "give exactly one of " + text;
}

std::string shape_text(const std::vector<std::string_view>& shape) {
  std::string text;
  for (const auto key : shape) text += fmt::format("{}{}", text.empty() ? "" : ", ", key);
  return "{" + text + "}";
}

}  // namespace

std::string describe(const Kind& kind) { return fmt::format("{} (source.{}: {})", kind.name, kind.field, kind.what); }

const Kind& kind_of(const json::Value& source, std::span<const Kind> kinds) {
  const Kind* found = nullptr;
  for (const auto& kind : kinds) {
    const auto* field = json::find(source, kind.field);
    if (field == nullptr || field->is_null()) continue;
    if (found != nullptr) {
      json::wrong_value("source", fmt::format("{} and {} name two kinds of resource", found->field, kind.field),
                        choose_one(kinds));
    }
    found = &kind;
  }
  if (found != nullptr) return *found;
  // A misspelt name is more likely than a forgotten one.
  std::vector<std::string> fields;
  for (const auto& kind : kinds) fields.emplace_back(kind.field);
  for (const auto& [name, value] : source.items()) {
    if (value.is_null() && std::find(fields.begin(), fields.end(), name) != fields.end()) {
      json::wrong_value("source." + name, "it is null", "give it a value");
    }
    if (json::nearest(name, fields)) json::unknown_field("source", name, fields);
  }
  json::wrong_value("source", "it names no kind of resource", choose_one(kinds));
}

void refuse(const Kind& kind, const NotServed& step) {
  throw base::Error(base::ErrorKind::usage,
                    {"serve the kind", describe(kind), "this version of build-service does not do this step for it",
                     std::string(step.remedy)});
}

void require_version_keys(const Version& version, const std::vector<std::vector<std::string_view>>& shapes,
                          const Kind& kind) {
  for (const auto& shape : shapes) {
    const bool fits = version.size() == shape.size() && std::all_of(shape.begin(), shape.end(), [&](auto key) {
                        return version.contains(std::string(key));
                      });
    if (!fits) continue;
    for (const auto& [key, value] : version) {
      if (value.empty()) {
        json::wrong_value("version." + key, "it is empty", "let check report the versions anew (fly check-resource)");
      }
    }
    return;
  }
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : version) keys.push_back(key);
  std::string expected;
  for (const auto& shape : shapes) expected += (expected.empty() ? "" : " or ") + shape_text(shape);
  json::wrong_value(
      "version",
      fmt::format("{} is not a version of the kind {}, which has {}", shape_text(keys), describe(kind), expected),
      "let check report the versions anew (fly check-resource)");
}

}  // namespace concourse
