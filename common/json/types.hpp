// How a C++ type is read from JSON that a user wrote, and described in a schema. Types with a syntax of their own (a
// digest, an enumeration) specialize Type: read() throws by json/errors.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "json/errors.hpp"
#include "json/value.hpp"

namespace json {

template <class T, class = void>
struct Type;

template <class T>
T read(const Value& value, const std::string& path) {
  return Type<T>::read(value, path);
}

template <class T>
Value schema() {
  return Type<T>::schema();
}

// Text. YAML turns an unquoted 17 into a number: whole numbers are taken as they are written; fractions are refused,
// since 1.10 has already become 1.1.
template <>
struct Type<std::string> {
  static std::string read(const Value& value, const std::string& path);
  static Value schema();
};
template <>
struct Type<base::Secret> {
  static base::Secret read(const Value& value, const std::string& path);
  static Value schema();
};
// A pipeline's variables often are text: "true" and "false" count, too, and so does "3" for a number.
template <>
struct Type<bool> {
  static bool read(const Value& value, const std::string& path);
  static Value schema();
};
template <>
struct Type<std::int64_t> {
  static std::int64_t read(const Value& value, const std::string& path);
  static Value schema();
};
// Not negative.
template <>
struct Type<std::uint32_t> {
  static std::uint32_t read(const Value& value, const std::string& path);
  static Value schema();
};
// Any JSON value, kept as it is.
template <>
struct Type<Value> {
  static Value read(const Value& value, const std::string& /*path*/) { return value; }
  static Value schema() { return Value::object(); }
};

template <class T>
struct Type<std::optional<T>> {
  static std::optional<T> read(const Value& value, const std::string& path) { return json::read<T>(value, path); }
  static Value schema() { return json::schema<T>(); }
};

template <class T>
struct Type<std::vector<T>> {
  static std::vector<T> read(const Value& value, const std::string& path) {
    if (!value.is_array()) wrong_type(path, "a list", value);
    std::vector<T> result;
    result.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      result.push_back(json::read<T>(value[i], path + "[" + std::to_string(i) + "]"));
    }
    return result;
  }
  static Value schema() { return {{"type", "array"}, {"items", json::schema<T>()}}; }
};

template <class T>
struct Type<std::map<std::string, T>> {
  static std::map<std::string, T> read(const Value& value, const std::string& path) {
    if (!value.is_object()) wrong_type(path, "an object", value);
    std::map<std::string, T> result;
    for (const auto& [name, member] : value.items()) result.emplace(name, json::read<T>(member, path + "." + name));
    return result;
  }
  static Value schema() { return {{"type", "object"}, {"additionalProperties", json::schema<T>()}}; }
};

}  // namespace json
