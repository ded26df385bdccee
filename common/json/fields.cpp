#include "json/fields.hpp"

#include <algorithm>

namespace json {
namespace {

// A field that is there, and says nothing.
bool is_unused(const Value& value) {
  return value.is_null() || (value.is_array() && value.empty()) ||
         (value.is_string() && value.get_ref<const std::string&>().empty());
}

// A help as one line of a log has it.
std::string plain(std::string help) {
  std::erase(help, '`');
  return help;
}

}  // namespace

const FieldList::Field* FieldList::find(std::string_view name) const {
  const auto found =
      std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.name == name; });
  return found == fields_.end() ? nullptr : &*found;
}

std::vector<std::string> FieldList::names() const {
  std::vector<std::string> result;
  for (const auto& field : fields_) {
    if (field.presence != Presence::refused) result.push_back(field.name);
  }
  return result;
}

Value FieldList::schema() const {
  Value result = {{"type", "object"}, {"additionalProperties", false}, {"properties", Value::object()}};
  for (const auto& field : fields_) {
    if (field.presence == Presence::refused) {
      result["x-refused"][field.name] = field.help;
      continue;
    }
    Value property = field.schema();
    property["description"] = field.help;
    result["properties"][field.name] = std::move(property);
    if (field.presence == Presence::required) result["required"].push_back(field.name);
  }
  result["x-order"] = names();
  return result;
}

Value FieldList::deciding_on_versions(const Value& object) const {
  Value result = Value::object();
  for (const auto& field : fields_) {
    const auto* member = json::find(object, field.name);
    if (field.effect == Effect::versions && member != nullptr && !member->is_null()) result[field.name] = *member;
  }
  return result;
}

void FieldList::read_into(void* object, const Value& value, const std::string& path) const {
  if (!value.is_object()) wrong_type(path, "an object", value);
  for (const auto& [name, member] : value.items()) {
    const Field* field = find(name);
    if (field == nullptr) unknown_field(path, name, names());
    const bool refused = field->presence == Presence::refused;
    if (refused && is_unused(member)) continue;
    if (refused) wrong_value(path + "." + name, "this field is not supported", field->help);
    if (!member.is_null()) field->read(object, member, path + "." + name);
  }
  for (const auto& field : fields_) {
    const auto* member = json::find(value, field.name);
    if (field.presence == Presence::required && (member == nullptr || member->is_null())) {
      missing_field(path, field.name, plain(field.help));
    }
  }
}

}  // namespace json
