// One description of an object's fields serves four ends: reading it strictly, the texts of the errors, the JSON Schema
// in docs/, and knowing which fields decide about a resource's versions. A struct is described by a function
// `describe(Fields<T>&)` found beside it:
//
//   struct Webhook { std::string url; std::optional<int> port; };
//   void describe(json::Fields<Webhook>& fields) {
//     fields.required("url", &Webhook::url, "where to call");
//     fields.optional("port", &Webhook::port, "the TCP port. Default: 443");
//   }
//   Webhook webhook = json::read<Webhook>(value, "source.webhook");
//
// Unknown fields fail with the nearest valid name, wrong types name the path and what was expected:
// "cannot read source.depth: expected a whole number, got text".
//
// A help is read in four places: after "give" in the error for a required field that is missing, in the schema, and as
// the row of its field in README.md. So it begins with a small letter and ends without a full stop. More sentences may
// follow the first; "Default: ..." and "Example: ..." come last.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "json/choices.hpp"
#include "json/types.hpp"

namespace json {

// What another value of a field changes: which versions a resource has, or something else (how they are reached, what a
// get writes, what is logged). A field decides about versions unless it is said not to: one that is forgotten costs a
// check that looks again, and never a wrong answer.
enum class Effect { versions, other };

// The fields of any object, by name.
class FieldList {
 public:
  [[nodiscard]] std::vector<std::string> names() const;
  // JSON Schema, with two keywords of our own: "x-order", the names in the order of the description, which an object of
  // JSON does not keep, and "x-refused", the fields that are refused and their remedies.
  [[nodiscard]] Value schema() const;
  // The members of `object` that are there and decide about versions.
  [[nodiscard]] Value deciding_on_versions(const Value& object) const;

 protected:
  enum class Presence { optional, required, refused };
  struct Field {
    std::string name;
    std::string help;  // of a refused field: the remedy. Names of fields may stand in backticks
    Presence presence;
    Effect effect;
    std::function<void(void* object, const Value&, const std::string& path)> read;
    Value (*schema)();
  };

  void add(Field field) { fields_.push_back(std::move(field)); }
  void read_into(void* object, const Value& value, const std::string& path) const;

 private:
  [[nodiscard]] const Field* find(std::string_view name) const;

  std::vector<Field> fields_;
};

template <class T>
class Fields : public FieldList {
 public:
  template <class M>
  void required(std::string_view name, M T::*member, std::string_view help, Effect effect = Effect::versions) {
    add_member(name, member, help, Presence::required, effect);
  }
  // The member keeps its default when the field is absent or null.
  template <class M>
  void optional(std::string_view name, M T::*member, std::string_view help, Effect effect = Effect::versions) {
    add_member(name, member, help, Presence::optional, effect);
  }
  // A field that another tool of the same purpose knows and this one leaves out: read as an error with `remedy`.
  void refused(std::string_view name, std::string_view remedy) {
    add({std::string(name), std::string(remedy), Presence::refused, Effect::other, nullptr, nullptr});
  }

  [[nodiscard]] T read(const Value& value, const std::string& path) const {
    T result{};
    read_into(&result, value, path);
    return result;
  }

 private:
  template <class M>
  void add_member(std::string_view name, M T::*member, std::string_view help, Presence presence, Effect effect) {
    const auto read = [member](void* object, const Value& value, const std::string& path) {
      static_cast<T*>(object)->*member = json::read<M>(value, path);
    };
    add({std::string(name), std::string(help), presence, effect, read, json::schema<M>});
  }
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

}  // namespace json
