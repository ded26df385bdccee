#include "buildpacks/toml.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"
#include "buildpacks/toml_depth.hpp"
#include "buildpacks/toml_parser.hpp"

namespace buildpacks {
namespace {

using base::Error;
using base::ErrorKind;

std::string fraction(std::uint32_t nanoseconds) {
  if (nanoseconds == 0) return "";
  std::string digits = fmt::format(".{:09}", nanoseconds);
  digits.erase(digits.find_last_not_of('0') + 1);
  return digits;
}

std::string text_of(const ::toml::date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::string text_of(const ::toml::time& time) {
  return fmt::format("{:02}:{:02}:{:02}{}", time.hour, time.minute, time.second, fraction(time.nanosecond));
}

std::string text_of(const ::toml::time_offset& offset) {
  if (offset.minutes == 0) return "Z";
  const int minutes = std::abs(offset.minutes);
  return fmt::format("{}{:02}:{:02}", offset.minutes < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

// The reference holds local dates and times as points in time of a container's zone, UTC, and writes them so to JSON.
Toml::Literal literal(const ::toml::date& date) { return {text_of(date), text_of(date) + "T00:00:00Z"}; }
Toml::Literal literal(const ::toml::time& time) { return {text_of(time), "0000-01-01T" + text_of(time) + "Z"}; }
Toml::Literal literal(const ::toml::date_time& value) {
  const std::string local = text_of(value.date) + "T" + text_of(value.time);
  if (!value.offset) return {local, local + "Z"};
  return {local + text_of(*value.offset), local + text_of(*value.offset)};
}

[[noreturn]] void too_deep(const std::string& what) {
  throw Error(ErrorKind::protocol, {"read", what, fmt::format("it is nested deeper than {}", deepest_toml), ""});
}

// A header [[a.b]] is deeper than it has names: lists are levels, too.
Toml convert(const ::toml::node& node, const std::string& what, std::size_t depth = 0) {
  if (depth > deepest_toml) too_deep(what);
  if (const auto* value = node.as_boolean()) return value->get();
  if (const auto* value = node.as_integer()) return value->get();
  if (const auto* value = node.as_floating_point()) return value->get();
  if (const auto* value = node.as_string()) return value->get();
  if (const auto* value = node.as_date()) return literal(value->get());
  if (const auto* value = node.as_time()) return literal(value->get());
  if (const auto* value = node.as_date_time()) return literal(value->get());
  if (const auto* array = node.as_array()) {
    Toml::Array result;
    result.reserve(array->size());
    for (const auto& element : *array) result.push_back(convert(element, what, depth + 1));
    return result;
  }
  Toml::Table result;
  if (const auto* table = node.as_table()) {
    for (const auto& [key, value] : *table) {
      result.emplace_back(std::string(key.str()), convert(value, what, depth + 1));
    }
  }
  return result;
}

std::string_view kind_of(const Toml& value) {
  if (value.get<bool>() != nullptr) return "true or false";
  if (value.get<std::int64_t>() != nullptr || value.get<double>() != nullptr) return "a number";
  if (value.get<std::string>() != nullptr) return "text";
  if (value.get<Toml::Array>() != nullptr) return "a list";
  return value.table() != nullptr ? "a table" : "a date";
}

}  // namespace

Toml::Toml(const std::vector<std::string>& texts) : data_(Array(texts.begin(), texts.end())) {}

const Toml* Toml::find(std::string_view name) const {
  const Table* members = table();
  if (members == nullptr) return nullptr;
  const auto found = std::find_if(members->begin(), members->end(), [&](const auto& m) { return m.first == name; });
  return found == members->end() ? nullptr : &found->second;
}

Toml& Toml::add(std::string name, Toml value) {
  std::get<Table>(data_).emplace_back(std::move(name), std::move(value));
  return *this;
}

Toml parse_toml(std::string_view text, const std::string& what) {
  if (nests_too_deep(text)) too_deep(what);
  if (const auto line = line_of_bare_character(text)) {
    throw Error(
        ErrorKind::protocol,
        {"read", what,
         fmt::format("it is not TOML at line {}: a character beyond ASCII stands outside of quotes", line), ""});
  }
  try {
    return convert(::toml::parse(text), what);
  } catch (const ::toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw Error(ErrorKind::protocol,
                {"read", what,
                 fmt::format("it is not TOML at line {}, column {}: {}", at.line, at.column, error.description()), ""});
  }
}

TomlReader::TomlReader(const Toml& value, std::string file, std::string path)
    : value_(&value), file_(std::move(file)), path_(std::move(path)) {}

std::string TomlReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

void TomlReader::fail(std::string_view name, std::string_view what) const {
  throw Error(ErrorKind::protocol, {"read", file_, fmt::format("{} {}", path_of(name), what), ""});
}

std::string TomlReader::text(std::string_view name) const {
  if (!has(name)) fail(name, "is missing");
  auto result = text_or(name);
  if (result.empty()) fail(name, "is empty");
  return result;
}

std::string TomlReader::text_or(std::string_view name, std::string_view fallback) const {
  const Toml* value = value_->find(name);
  if (value == nullptr) return std::string(fallback);
  const auto* text = value->get<std::string>();
  if (text == nullptr) fail(name, fmt::format("is {}, expected text", kind_of(*value)));
  return *text;
}

bool TomlReader::flag(std::string_view name) const {
  const Toml* value = value_->find(name);
  if (value == nullptr) return false;
  const auto* flag = value->get<bool>();
  if (flag == nullptr) fail(name, fmt::format("is {}, expected true or false", kind_of(*value)));
  return *flag;
}

std::optional<std::vector<std::string>> TomlReader::texts(std::string_view name) const {
  const Toml* value = value_->find(name);
  if (value == nullptr) return std::nullopt;
  const auto* array = value->get<Toml::Array>();
  if (array == nullptr) fail(name, fmt::format("is {}, expected a list of texts", kind_of(*value)));
  std::vector<std::string> result;
  for (const auto& element : *array) {
    const auto* text = element.get<std::string>();
    if (text == nullptr) fail(name, fmt::format("holds {}, expected texts", kind_of(element)));
    result.push_back(*text);
  }
  return result;
}

std::optional<TomlReader> TomlReader::table(std::string_view name) const {
  const Toml* value = value_->find(name);
  if (value == nullptr) return std::nullopt;
  if (value->table() == nullptr) fail(name, fmt::format("is {}, expected a table", kind_of(*value)));
  return TomlReader(*value, file_, path_of(name));
}

std::vector<TomlReader> TomlReader::tables(std::string_view name) const {
  const Toml* value = value_->find(name);
  if (value == nullptr) return {};
  const auto* array = value->get<Toml::Array>();
  if (array == nullptr) fail(name, fmt::format("is {}, expected a list of tables", kind_of(*value)));
  std::vector<TomlReader> result;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const auto& element = (*array)[i];
    if (element.table() == nullptr) fail(name, fmt::format("holds {}, expected tables", kind_of(element)));
    result.emplace_back(element, file_, fmt::format("{}[{}]", path_of(name), i));
  }
  return result;
}

}  // namespace buildpacks
