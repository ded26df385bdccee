#include "json/types.hpp"

#include <fmt/format.h>
#include <limits>

#include "base/number.hpp"

namespace json {
namespace {

template <class T>
std::optional<T> number_in_text(const Value& value) {
  if (!value.is_string()) return std::nullopt;
  return base::parse_whole<T>(value.get_ref<const std::string&>());
}

}  // namespace

std::string Type<std::string>::read(const Value& value, const std::string& path) {
  if (value.is_number_integer()) return value.dump();
  if (value.is_number_float()) {
    wrong_value(path, fmt::format("expected text, got the number {}", value.dump()),
                "put it into quotes: YAML has already changed how it was written");
  }
  if (!value.is_string()) wrong_type(path, "text", value);
  return value.get<std::string>();
}
Value Type<std::string>::schema() { return {{"type", Value::array({"string", "integer"})}}; }

base::Secret Type<base::Secret>::read(const Value& value, const std::string& path) {
  if (value.is_number_integer()) return base::Secret(value.dump());
  if (!value.is_string()) {
    // The value itself stays out of the message: it is a credential.
    wrong_value(path, "expected text, got something else", "put it into quotes");
  }
  return base::Secret(value.get<std::string>());
}
Value Type<base::Secret>::schema() { return {{"type", "string"}, {"writeOnly", true}}; }

bool Type<bool>::read(const Value& value, const std::string& path) {
  if (value == "true" || value == "false") return value == "true";
  if (!value.is_boolean()) wrong_type(path, "true or false", value);
  return value.get<bool>();
}
Value Type<bool>::schema() { return {{"type", "boolean"}}; }

std::int64_t Type<std::int64_t>::read(const Value& value, const std::string& path) {
  if (const auto number = number_in_text<std::int64_t>(value)) return *number;
  if (!value.is_number_integer()) wrong_type(path, "a whole number", value);
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    wrong_value(path, "the number is too large");
  }
  return value.get<std::int64_t>();
}
Value Type<std::int64_t>::schema() { return {{"type", "integer"}}; }

std::uint32_t Type<std::uint32_t>::read(const Value& value, const std::string& path) {
  if (const auto number = number_in_text<std::uint32_t>(value)) return *number;
  if (!value.is_number_unsigned()) wrong_type(path, "a whole number, 0 or more", value);
  if (value.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
    wrong_value(path, "the number is too large");
  }
  return value.get<std::uint32_t>();
}
Value Type<std::uint32_t>::schema() { return {{"type", "integer"}, {"minimum", 0}}; }

}  // namespace json
