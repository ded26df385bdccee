#include "json/fields.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

#include "base/error.hpp"

namespace json {
namespace {

using base::Error;
using base::ErrorKind;

std::string kind_of(const Value& value) {
  switch (value.type()) {
    case Value::value_t::null:
      return "nothing (null)";
    case Value::value_t::object:
      return "an object";
    case Value::value_t::array:
      return "a list";
    case Value::value_t::string:
      return "text";
    case Value::value_t::boolean:
      return value.get<bool>() ? "true" : "false";
    case Value::value_t::number_integer:
    case Value::value_t::number_unsigned:
      return "the number " + value.dump();
    case Value::value_t::number_float:
      return "the number " + value.dump();
    case Value::value_t::binary:
    case Value::value_t::discarded:
      break;
  }
  return "something else";
}

// Damerau-Levenshtein distance (optimal string alignment): two neighbours swapped, the commonest slip, count as one.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last;
  std::vector<std::size_t> last(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::vector<std::size_t> row(b.size() + 1, i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, substitution});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last = std::move(last);
    last = std::move(row);
  }
  return last[b.size()];
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

template <class T>
std::optional<T> number_in_text(const Value& value) {
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

}  // namespace

void wrong_type(const std::string& path, std::string_view expected, const Value& got) {
  throw Error(ErrorKind::usage, {"read", path, fmt::format("expected {}, got {}", expected, kind_of(got)), ""});
}

void wrong_value(const std::string& path, std::string cause, std::string remedy) {
  throw Error(ErrorKind::usage, {"read", path, std::move(cause), std::move(remedy)});
}

void unknown_field(const std::string& path, std::string_view name, const std::vector<std::string>& valid) {
  const auto near = nearest(base::printable(name, 128), valid);
  throw Error(ErrorKind::usage,
              {"read", fmt::format("{}.{}", path, base::printable(name, 128)), "there is no such field",
               near ? fmt::format("did you mean {}.{}?", path, *near) : "valid are " + joined(valid)});
}

void missing_field(const std::string& path, std::string_view name, std::string_view help) {
  throw Error(ErrorKind::usage,
              {"read", fmt::format("{}.{}", path, name), "it is missing", fmt::format("give {}", help)});
}

std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  // A third of the name may be wrong: "brach" is branch, "foo" is nothing.
  std::size_t best_distance = std::max<std::size_t>(1, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    const std::size_t found = distance(name, candidate);
    if (found < best_distance) {
      best_distance = found;
      best = candidate;
    }
  }
  return best;
}

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
