#include "buildpacks/label.hpp"

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "buildpacks/go_number.hpp"
#include "buildpacks/toml.hpp"

namespace buildpacks {
namespace {

using OrderedJson = nlohmann::ordered_json;

void append_ascii(std::string& result, char c) {
  switch (c) {
    case '"':
      result += "\\\"";
      return;
    case '\\':
      result += "\\\\";
      return;
    case '\b':
      result += "\\b";
      return;
    case '\f':
      result += "\\f";
      return;
    case '\n':
      result += "\\n";
      return;
    case '\r':
      result += "\\r";
      return;
    case '\t':
      result += "\\t";
      return;
    default:
      break;
  }
  if (c < 0x20 || c == '<' || c == '>' || c == '&') {
    result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
  } else {
    result += c;
  }
}

void append(std::string& result, const OrderedJson& value) {
  if (value.is_string()) {
    result += go_json_string(value.get_ref<const std::string&>());
  } else if (value.is_number_float()) {
    result += go_json_float(value.get<double>());
  } else if (value.is_object()) {
    result += '{';
    bool first = true;
    for (const auto& [name, member] : value.items()) {
      result += (first ? "" : ",") + go_json_string(name) + ":";
      append(result, member);
      first = false;
    }
    result += '}';
  } else if (value.is_array()) {
    result += '[';
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (i > 0) result += ',';
      append(result, value[i]);
    }
    result += ']';
  } else {
    result += value.dump();
  }
}

}  // namespace

std::string go_json_string(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const auto length = base::utf8_length(text);
    const auto sequence = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0) {
      result += "\\ufffd";
    } else if (sequence == "\xE2\x80\xA8" || sequence == "\xE2\x80\xA9") {
      result += sequence.back() == '\xA8' ? "\\u2028" : "\\u2029";
    } else if (length == 1) {
      append_ascii(result, sequence[0]);
    } else {
      result += sequence;
    }
    text.remove_prefix(sequence.size());
  }
  return result + "\"";
}

std::string label_text(const OrderedJson& value) {
  std::string result;
  append(result, value);
  return result;
}

OrderedJson to_json(const Toml& value) {
  if (const auto* flag = value.get<bool>()) return *flag;
  if (const auto* integer = value.get<std::int64_t>()) return *integer;
  if (const auto* number = value.get<double>()) return *number;
  if (const auto* text = value.get<std::string>()) return *text;
  if (const auto* literal = value.get<Toml::Literal>()) return literal->json;
  if (const auto* array = value.get<Toml::Array>()) {
    OrderedJson result = OrderedJson::array();
    for (const auto& element : *array) result.push_back(to_json(element));
    return result;
  }
  OrderedJson result = OrderedJson::object();
  // An ordered object is a list: operator[] would look through all of it for each member. Names in a table are unique.
  auto& members = result.get_ref<OrderedJson::object_t&>();
  members.reserve(value.table()->size());
  for (const auto& [name, member] : *value.table()) members.emplace_back(name, to_json(member));
  return result;
}

Toml from_json(const json::Value& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    Toml::Array result;
    for (const auto& element : value) {
      if (!element.is_null()) result.push_back(from_json(element));
    }
    return result;
  }
  Toml::Table result;
  for (const auto& [name, member] : value.items()) {
    if (!member.is_null()) result.emplace_back(name, from_json(member));
  }
  return result;
}

}  // namespace buildpacks
