#include "kpack/spec_patch.hpp"

#include "base/error.hpp"

namespace kpack {

using json::Value;

std::string shown_text(const Value& value) {
  if (value.is_null() || (value.is_object() && value.empty())) return "";
  return value.is_string() ? value.get<std::string>() : json::dump(value);
}

void set(Patch& patch, const Value& spec, const std::vector<std::string>& path, const Value& value) {
  const Value* before = &spec;
  for (const auto& name : path) {
    before = before == nullptr ? nullptr : json::find(*before, name);
  }
  if (before == nullptr ? value.is_null() : *before == value) return;
  Value* target = &patch.spec;
  std::string field;
  for (const auto& name : path) {
    target = &(*target)[name];
    field += (field.empty() ? "" : ".") + name;
  }
  *target = value;
  patch.differences.push_back({std::move(field), before == nullptr ? "" : shown_text(*before), shown_text(value)});
}

Value merge_patch(const std::string& resource_version, const Patch& patch) {
  return {{"metadata", {{"resourceVersion", resource_version}}}, {"spec", patch.spec}};
}

void print(const std::vector<Difference>& differences, base::Log& log) {
  std::string last;
  for (const auto& difference : differences) {
    if (difference.field != last) log.info("  " + base::printable(difference.field));
    log.difference(difference.before, difference.after);
    last = difference.field;
  }
}

}  // namespace kpack
