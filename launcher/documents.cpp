#include "launcher/documents.hpp"

// Without exceptions and with from_chars for floats toml++ needs no iostreams.
#define TOML_EXCEPTIONS 0
#define TOML_FLOAT_CHARCONV 1

#include "base/error.hpp"
#include "buildpacks/toml_depth.hpp"
#include "buildpacks/toml_parser.hpp"

namespace launcher {
namespace {

using base::Error;
using base::ErrorKind;

constexpr const char* metadata_name = "config/metadata.toml";

toml::table parse(std::string_view text, const std::string& action, const std::string& object) {
  if (buildpacks::nests_too_deep(text)) {
    throw Error(ErrorKind::protocol,
                {action, object, "it is nested deeper than " + std::to_string(buildpacks::deepest_toml), ""});
  }
  if (const auto line = buildpacks::line_of_bare_character(text)) {
    throw Error(
        ErrorKind::protocol,
        {action, object, "line " + std::to_string(line) + " has a character beyond ASCII outside of quotes", ""});
  }
  auto result = toml::parse(text);
  if (result) return std::move(result).table();
  const auto& error = result.error();
  throw Error(ErrorKind::protocol,
              {action, object,
               "line " + std::to_string(error.source().begin.line) + ": " + std::string(error.description()), ""});
}

[[noreturn]] void fail(const std::string& field, const std::string& wanted) {
  throw Error(ErrorKind::protocol, {"read", metadata_name, field + " is not " + wanted, "build the image again"});
}

std::string text_of(const toml::table& table, const std::string& name) {
  const auto* node = table.get(name);
  if (node == nullptr) return "";
  const auto* text = node->as_string();
  if (text == nullptr) fail(name, "a text");
  return text->get();
}

std::vector<std::string> texts_of(const toml::node& node, const std::string& name) {
  std::vector<std::string> texts;
  const auto* array = node.as_array();
  if (array == nullptr) fail(name, "an array of texts");
  for (const auto& entry : *array) {
    const auto* text = entry.as_string();
    if (text == nullptr) fail(name, "an array of texts");
    texts.push_back(text->get());
  }
  return texts;
}

std::vector<std::string> texts_of(const toml::table& table, const std::string& name) {
  const auto* node = table.get(name);
  return node == nullptr ? std::vector<std::string>() : texts_of(*node, name);
}

// A single text before Platform API 0.10, an array since.
std::vector<std::string> command_of(const toml::table& table) {
  const auto* node = table.get("command");
  if (node == nullptr) return {};
  if (const auto* text = node->as_string()) return {text->get()};
  return texts_of(*node, "command");
}

Execution execution_of(const toml::table& table) {
  const auto* node = table.get("direct");
  if (node == nullptr) return Execution::shell;
  const auto* flag = node->as_boolean();
  if (flag == nullptr) fail("direct", "true or false");
  return flag->get() ? Execution::direct : Execution::shell;
}

template <class Visitor>
void for_each_table(const toml::table& document, const std::string& name, Visitor visit) {
  const auto* node = document.get(name);
  if (node == nullptr) return;
  const auto* array = node->as_array();
  if (array == nullptr) fail(name, "an array of tables");
  for (const auto& entry : *array) {
    const auto* table = entry.as_table();
    if (table == nullptr) fail(name, "an array of tables");
    visit(*table);
  }
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

}  // namespace

Metadata parse_metadata(std::string_view text) {
  const auto document = parse(text, "read", metadata_name);
  Metadata metadata;
  for_each_table(document, "processes", [&](const toml::table& table) {
    metadata.processes.push_back({.type = text_of(table, "type"),
                                  .command = command_of(table),
                                  .arguments = texts_of(table, "args"),
                                  .execution = execution_of(table),
                                  .buildpack = text_of(table, "buildpack-id"),
                                  .working_directory = text_of(table, "working-dir"),
                                  .execution_environments = texts_of(table, "exec-env")});
  });
  for_each_table(document, "buildpacks", [&](const toml::table& table) {
    metadata.buildpacks.push_back({.id = text_of(table, "id"), .api = text_of(table, "api")});
  });
  return metadata;
}

std::map<std::string, std::string> parse_exec_d_output(std::string_view text, const std::string& program) {
  std::map<std::string, std::string> variables;
  for (const auto& [key, node] : parse(text, "use the output of", program)) {
    const std::string name(key.str());
    const auto* value = node.as_string();
    if (value == nullptr || !is_variable_name(name) || value->get().find('\0') != std::string::npos) {
      throw Error(ErrorKind::protocol, {"use the output of", program, name + " is not a variable with a text", ""});
    }
    variables.emplace(name, value->get());
  }
  return variables;
}

}  // namespace launcher
