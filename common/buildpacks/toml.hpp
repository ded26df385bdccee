// TOML 1.0 as the buildpacks specification uses it: a value, reading with bounds, typed access whose errors name file
// and field, and writing byte for byte as the reference lifecycle's writer does (BurntSushi/toml: layers that hold
// TOML have the same digest only if the bytes are the same).
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "json/value.hpp"

namespace buildpacks {

class Toml {
 public:
  // Text that is written as it stands: dates and times, and values with an encoding of their own. `json` is how
  // the reference writes the same value into a label.
  struct Literal {
    std::string toml;
    std::string json;
    friend bool operator==(const Literal&, const Literal&) = default;
  };
  using Array = std::vector<Toml>;
  // In the order in which they are written. Parsed tables are sorted by name.
  using Table = std::vector<std::pair<std::string, Toml>>;

  Toml() : data_(Table()) {}
  Toml(bool value) : data_(value) {}                      // NOLINT(google-explicit-constructor)
  Toml(std::int64_t value) : data_(value) {}              // NOLINT(google-explicit-constructor)
  Toml(double value) : data_(value) {}                    // NOLINT(google-explicit-constructor)
  Toml(std::string value) : data_(std::move(value)) {}    // NOLINT(google-explicit-constructor)
  Toml(const char* value) : data_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
  Toml(Literal value) : data_(std::move(value)) {}        // NOLINT(google-explicit-constructor)
  Toml(Array value) : data_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  Toml(Table value) : data_(std::move(value)) {}          // NOLINT(google-explicit-constructor)
  explicit Toml(const std::vector<std::string>& texts);

  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data_);
  }
  [[nodiscard]] const Table* table() const { return std::get_if<Table>(&data_); }
  [[nodiscard]] const Toml* find(std::string_view name) const;
  // Appends to a table.
  Toml& add(std::string name, Toml value);

  template <class Visitor>
  decltype(auto) visit(Visitor&& visitor) const {
    return std::visit(std::forward<Visitor>(visitor), data_);
  }

  friend bool operator==(const Toml&, const Toml&) = default;

 private:
  std::variant<bool, std::int64_t, double, std::string, Literal, Array, Table> data_;
};

// Error{protocol} naming `what` with line and column.
[[nodiscard]] Toml parse_toml(std::string_view text, const std::string& what);

// A document of the reference's writer: plain values first, then tables, each group in its order.
[[nodiscard]] std::string write_toml(const Toml& document);

// As a label holds it; integers stay integers.
[[nodiscard]] nlohmann::ordered_json to_json(const Toml& value);
// What a label held. All numbers become floats, as in the reference, whose restored metadata have been through JSON.
[[nodiscard]] Toml from_json(const json::Value& value);

// Typed access to a table; unknown keys are allowed, as in the reference. Errors are Error{protocol} and read
// "cannot read /cnb/order.toml: order[0].group[1].id is missing".
class TomlReader {
 public:
  TomlReader(const Toml& value, std::string file, std::string path = "");

  [[nodiscard]] bool has(std::string_view name) const { return value_->find(name) != nullptr; }
  [[nodiscard]] std::string text(std::string_view name) const;
  [[nodiscard]] std::string text_or(std::string_view name, std::string_view fallback = "") const;
  [[nodiscard]] bool flag(std::string_view name) const;
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name) const;
  [[nodiscard]] std::optional<TomlReader> table(std::string_view name) const;
  [[nodiscard]] std::vector<TomlReader> tables(std::string_view name) const;
  [[nodiscard]] const Toml& value() const { return *value_; }
  [[nodiscard]] const std::string& file() const { return file_; }
  [[noreturn]] void fail(std::string_view name, std::string_view what) const;

 private:
  [[nodiscard]] std::string path_of(std::string_view name) const;

  const Toml* value_;
  std::string file_;
  std::string path_;
};

}  // namespace buildpacks
