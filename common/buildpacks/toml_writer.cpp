// BurntSushi/toml v1.6, encode.go: two blanks of indentation for each level below the first, plain values before
// tables, a blank line before each table of the top level and before every element of a list of tables.
#include <algorithm>
#include <fmt/format.h>

#include "buildpacks/go_number.hpp"
#include "buildpacks/toml.hpp"

namespace buildpacks {
namespace {

std::string quote(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        result += "\\\"";
        break;
      case '\\':
        result += "\\\\";
        break;
      case '\b':
        result += "\\b";
        break;
      case '\t':
        result += "\\t";
        break;
      case '\n':
        result += "\\n";
        break;
      case '\f':
        result += "\\f";
        break;
      case '\r':
        result += "\\r";
        break;
      default: {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
          result += fmt::format("\\u{:04x}", byte);
        } else {
          result += c;
        }
      }
    }
  }
  return result + "\"";
}

std::string key_text(std::string_view key) {
  const auto is_bare = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  return !key.empty() && std::all_of(key.begin(), key.end(), is_bare) ? std::string(key) : quote(key);
}

bool is_list_of_tables(const Toml& value) {
  const auto* array = value.get<Toml::Array>();
  return array != nullptr && !array->empty() &&
         std::all_of(array->begin(), array->end(), [](const Toml& element) { return element.table() != nullptr; });
}

bool is_tabular(const Toml& value) { return value.table() != nullptr || is_list_of_tables(value); }

class Writer {
 public:
  // Into a table of the document at `path`.
  void members(const std::vector<std::string>& path, const Toml::Table& table) {
    for (const auto& [name, value] : table) {
      if (is_tabular(value)) continue;
      text_ += fmt::format("{}{} = {}\n", std::string(path.size() * 2, ' '), key_text(name), element(value));
    }
    for (const auto& [name, value] : table) {
      if (!is_tabular(value)) continue;
      auto inner = path;
      inner.push_back(name);
      if (const auto* single = value.table()) {
        one_table(inner, *single);
      } else {
        for (const auto& entry : *value.get<Toml::Array>()) list_entry(inner, *entry.table());
      }
    }
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  static std::string full_key(const std::vector<std::string>& path) {
    std::string result;
    for (const auto& part : path) result += (result.empty() ? "" : ".") + key_text(part);
    return result;
  }

  void one_table(const std::vector<std::string>& path, const Toml::Table& table) {
    if (path.size() == 1) newline();
    text_ += fmt::format("{}[{}]\n", std::string((path.size() - 1) * 2, ' '), full_key(path));
    members(path, table);
  }

  void list_entry(const std::vector<std::string>& path, const Toml::Table& table) {
    newline();
    text_ += fmt::format("{}[[{}]]\n", std::string((path.size() - 1) * 2, ' '), full_key(path));
    members(path, table);
  }

  void newline() {
    if (!text_.empty()) text_ += '\n';
  }

  static std::string element(const Toml& value) {
    if (const auto* flag = value.get<bool>()) return *flag ? "true" : "false";
    if (const auto* integer = value.get<std::int64_t>()) return std::to_string(*integer);
    if (const auto* number = value.get<double>()) return go_toml_float(*number);
    if (const auto* text = value.get<std::string>()) return quote(*text);
    if (const auto* literal = value.get<Toml::Literal>()) return literal->toml;
    if (const auto* array = value.get<Toml::Array>()) {
      std::string result;
      for (const auto& entry : *array) result += (result.empty() ? "" : ", ") + element(entry);
      return "[" + result + "]";
    }
    return inline_table(*value.table());
  }

  static std::string inline_table(const Toml::Table& table) {
    std::string result;
    const auto append = [&](const auto& member) {
      result += (result.empty() ? "" : ", ") + key_text(member.first) + " = " + element(member.second);
    };
    for (const auto& member : table) {
      if (!is_tabular(member.second)) append(member);
    }
    for (const auto& member : table) {
      if (is_tabular(member.second)) append(member);
    }
    return "{" + result + "}";
  }

  std::string text_;
};

}  // namespace

std::string write_toml(const Toml& document) {
  Writer writer;
  if (const auto* table = document.table()) writer.members({}, *table);
  return writer.take();
}

}  // namespace buildpacks
