// One description of an object's fields serves three ends: reading it strictly, the texts of the errors, and the JSON
// Schema in docs/. A struct is described by a function `describe(Fields<T>&)` found beside it:
//
//   struct Webhook { std::string url; std::optional<int> port; };
//   void describe(json::Fields<Webhook>& fields) {
//     fields.required("url", &Webhook::url, "where to call");
//     fields.optional("port", &Webhook::port, "TCP port; default 443");
//   }
//   Webhook webhook = json::read<Webhook>(value, "source.webhook");
//
// Unknown fields fail with the nearest valid name, wrong types name the path and what was expected:
// "cannot read source.depth: expected a whole number, got text".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/secret.hpp"
#include "json/value.hpp"

namespace json {

// How a C++ type is read from JSON and described in a schema. Specialize it for types with a syntax of their own
// (a digest, an enumeration): read() throws by wrong_value().
template <class T, class = void>
struct Type;

template <class T>
class Fields;

// Error{usage} "cannot read <path>: expected <expected>, got <what the value is>".
[[noreturn]] void wrong_type(const std::string& path, std::string_view expected, const Value& got);
// Error{usage} "cannot read <path>: <cause>; <remedy>".
[[noreturn]] void wrong_value(const std::string& path, std::string cause, std::string remedy = "");
[[noreturn]] void unknown_field(const std::string& path, std::string_view name, const std::vector<std::string>& valid);
[[noreturn]] void missing_field(const std::string& path, std::string_view name, std::string_view help);
// The candidate with the smallest edit distance when it is near enough to be a slip of the finger.
[[nodiscard]] std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates);

template <class T>
T read(const Value& value, const std::string& path) {
  return Type<T>::read(value, path);
}

template <class T>
Value schema() {
  return Type<T>::schema();
}

enum class Presence { optional, required };

template <class T>
class Fields {
 public:
  template <class M>
  void required(std::string_view name, M T::*member, std::string_view help) {
    add(name, member, help, Presence::required);
  }
  // The member keeps its default when the field is absent or null.
  template <class M>
  void optional(std::string_view name, M T::*member, std::string_view help) {
    add(name, member, help, Presence::optional);
  }
  // A field that another tool of the same purpose knows and this one leaves out: read as an error with `remedy`.
  void refused(std::string_view name, std::string_view remedy) {
    entries_.push_back({std::string(name), std::string(remedy), Presence::optional, true, nullptr, nullptr});
  }

  [[nodiscard]] T read(const Value& value, const std::string& path) const {
    if (!value.is_object()) wrong_type(path, "an object", value);
    T result{};
    for (const auto& [name, member] : value.items()) {
      const Entry* entry = find_entry(name);
      if (entry == nullptr) unknown_field(path, name, names());
      if (entry->refused && is_unused(member)) continue;
      if (entry->refused) wrong_value(path + "." + name, "this field is not supported", entry->help);
      if (!member.is_null()) entry->read(result, member, path + "." + name);
    }
    for (const auto& entry : entries_) {
      if (entry.presence == Presence::required && (!value.contains(entry.name) || value.at(entry.name).is_null())) {
        missing_field(path, entry.name, entry.help);
      }
    }
    return result;
  }

  [[nodiscard]] Value schema() const {
    Value result = {{"type", "object"}, {"additionalProperties", false}, {"properties", Value::object()}};
    for (const auto& entry : entries_) {
      if (entry.refused) continue;
      Value property = entry.schema();
      property["description"] = entry.help;
      result["properties"][entry.name] = std::move(property);
      if (entry.presence == Presence::required) result["required"].push_back(entry.name);
    }
    return result;
  }

  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : entries_) {
      if (!entry.refused) result.push_back(entry.name);
    }
    return result;
  }

 private:
  // A field that is there, and says nothing.
  static bool is_unused(const Value& value) {
    return value.is_null() || (value.is_array() && value.empty()) ||
           (value.is_string() && value.get_ref<const std::string&>().empty());
  }

  struct Entry {
    std::string name;
    std::string help;
    Presence presence{};
    bool refused = false;
    std::function<void(T&, const Value&, const std::string&)> read;
    std::function<Value()> schema;
  };

  template <class M>
  void add(std::string_view name, M T::*member, std::string_view help, Presence presence) {
    entries_.push_back({std::string(name), std::string(help), presence, false,
                        [member](T& object, const Value& value, const std::string& path) {
                          object.*member = json::read<M>(value, path);
                        },
                        [] { return json::schema<M>(); }});
  }

  [[nodiscard]] const Entry* find_entry(std::string_view name) const {
    for (const auto& entry : entries_) {
      if (entry.name == name) return &entry;
    }
    return nullptr;
  }

  std::vector<Entry> entries_;
};

// The description of a struct, made once.
template <class T>
const Fields<T>& fields_of() {
  static const Fields<T> fields = [] {
    Fields<T> made;
    describe(made);
    return made;
  }();
  return fields;
}

template <class T>
concept Described = requires(Fields<T>& fields) {
  describe(fields);
};

template <class T>
struct Type<T, std::enable_if_t<Described<T>>> {
  static T read(const Value& value, const std::string& path) { return fields_of<T>().read(value, path); }
  static Value schema() { return fields_of<T>().schema(); }
};

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

// For enumerations: reads one of `choices`; the error lists them and names the nearest.
template <class E>
using Choices = std::vector<std::pair<std::string_view, E>>;

template <class E>
E read_choice(const Value& value, const std::string& path, const Choices<E>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) {
    if (value.is_string() && value.get_ref<const std::string&>() == name) return choice;
    names.emplace_back(name);
  }
  std::string expected = "one of";
  for (const auto& name : names) expected += (expected.size() > 6 ? ", " : " ") + name;
  if (!value.is_string()) wrong_type(path, expected, value);
  const auto near = nearest(value.get_ref<const std::string&>(), names);
  wrong_value(path, "\"" + value.get_ref<const std::string&>() + "\" is not " + expected,
              near ? "did you mean \"" + *near + "\"?" : "");
}

template <class E>
Value choice_schema(const Choices<E>& choices) {
  Value names = Value::array();
  for (const auto& [name, choice] : choices) names.push_back(std::string(name));
  return {{"type", "string"}, {"enum", std::move(names)}};
}

}  // namespace json
