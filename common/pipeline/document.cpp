#include "pipeline/document.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <utility>
#include <yaml-cpp/yaml.h>

#include "base/error.hpp"
#include "base/regular_file.hpp"
#include "json/errors.hpp"

namespace pipeline {
namespace {

constexpr std::size_t largest_document = 4UL << 20U;
constexpr std::size_t deepest_nesting = 64;
// An anchor that stands for others that stand for others grows without end ("a billion laughs").
constexpr std::size_t most_values = 500'000;

template <class Number>
std::optional<Number> number_of(const std::string& text) {
  Number number{};
  const auto* end = text.data() + text.size();
  const auto* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const auto [stopped, failed] = std::from_chars(begin, end, number);
  if (failed != std::errc() || stopped != end || begin == end) return std::nullopt;
  return number;
}

bool is_one_of(const std::string& text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// A plain scalar: what is not null, a truth or a number is text.
json::Value typed(const std::string& text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"})) return false;
  // As parsed JSON has them: what is not negative is unsigned.
  if (const auto integer = number_of<std::uint64_t>(text)) return *integer;
  if (const auto integer = number_of<std::int64_t>(text)) return *integer;
  // std::from_chars takes "inf" and "nan" for numbers, and YAML a word.
  const bool may_be_number = text.find_first_not_of("+-.0123456789eE") == std::string::npos;
  if (const auto real = number_of<double>(text); real && may_be_number && std::isfinite(*real)) return *real;
  return text;
}

// What is not a pipeline may be what one is made of.
std::string remedy_for(std::string_view text) {
  for (std::size_t at = text.find("#@"); at != std::string_view::npos; at = text.find("#@", at + 1)) {
    const auto line = text.substr(0, at).find_last_not_of(" \t");
    if (line == std::string_view::npos || text[line] == '\n')
      return "it is a template of ytt: give what ytt makes of it";
  }
  if (text.find("{{") != std::string_view::npos) return "write vars as ((name)), not as {{name}}";
  return "";
}

class Reader {
 public:
  Reader(const std::string& name, const std::string& remedy, std::map<Path, int>& lines)
      : name_(name), remedy_(remedy), lines_(lines) {}

  json::Value value(const YAML::Node& node, const Path& path) {
    if (++values_ > most_values) fail(node, fmt::format("it has more than {} values", most_values));
    if (path.size() > deepest_nesting) fail(node, fmt::format("it is nested deeper than {}", deepest_nesting));
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        if (node.Tag() == "?") return typed(node.Scalar());
        return node.Scalar();
      case YAML::NodeType::Sequence:
        return sequence(node, path);
      case YAML::NodeType::Map:
        return mapping(node, path);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return nullptr;
  }

 private:
  [[noreturn]] void fail(const YAML::Node& node, const std::string& cause) const {
    json::wrong_value(name_, fmt::format("line {}: {}", node.Mark().line + 1, cause), remedy_);
  }

  void place(const YAML::Node& node, const Path& path) { lines_.emplace(path, node.Mark().line + 1); }

  json::Value sequence(const YAML::Node& node, const Path& path) {
    json::Value result = json::Value::array();
    for (const auto& element : node) {
      const auto at = below(path, std::to_string(result.size()));
      place(element, at);
      result.push_back(value(element, at));
    }
    return result;
  }

  json::Value mapping(const YAML::Node& node, const Path& path) {
    json::Value result = json::Value::object();
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) fail(entry.first, "a key is not text");
      const std::string& key = entry.first.Scalar();
      if (key == "<<" && entry.first.Tag() == "?") continue;
      if (result.contains(key)) {
        fail(entry.first, fmt::format("the key \"{}\" stands twice", base::printable(key, 128)));
      }
      const auto at = below(path, key);
      place(entry.first, at);
      result[key] = value(entry.second, at);
    }
    // What the mapping says itself wins over what is merged, wherever "<<" stands (yaml.org/type/merge.html).
    for (const auto& entry : node) {
      if (entry.first.IsScalar() && entry.first.Scalar() == "<<" && entry.first.Tag() == "?") {
        merge(entry.second, path, result);
      }
    }
    return result;
  }

  void merge(const YAML::Node& from, const Path& path, json::Value& into) {
    if (from.IsSequence()) {
      for (const auto& each : from) merge(each, path, into);
      return;
    }
    if (!from.IsMap()) fail(from, "the merge key (<<) takes a mapping or a list of mappings");
    std::map<Path, int> lines;
    std::swap(lines, lines_);
    const auto merged = mapping(from, path);
    std::swap(lines, lines_);
    for (const auto& [key, each] : merged.items()) {
      if (into.contains(key)) continue;
      into[key] = each;
      const auto prefix = below(path, key);
      for (const auto& [at, line] : lines) {
        if (at.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), at.begin()))
          lines_.emplace(at, line);
      }
    }
  }

  const std::string& name_;
  const std::string& remedy_;
  std::map<Path, int>& lines_;
  std::size_t values_ = 0;
};

}  // namespace

Path below(const Path& path, std::string key) {
  Path result = path;
  result.push_back(std::move(key));
  return result;
}

bool is_prefix(const Path& prefix, const Path& path) {
  return prefix.size() <= path.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

Document Document::parse(std::string_view text, const std::string& name) {
  if (text.size() > largest_document) json::wrong_value(name, "it is larger than 4 MiB");
  const auto remedy = remedy_for(text);
  Document document;
  try {
    const auto documents = YAML::LoadAll(std::string(text));
    if (documents.empty() || documents.front().IsNull()) json::wrong_value(name, "it is empty");
    if (documents.size() > 1)
      json::wrong_value(name, "it holds several documents", remedy.empty() ? "give one" : remedy);
    document.value_ = Reader(name, remedy, document.lines_).value(documents.front(), {});
  } catch (const YAML::Exception& error) {
    // The parser's words may quote the text, which may hold credentials: the place alone is told.
    const bool known = error.mark.line >= 0;
    json::wrong_value(
        name,
        known ? fmt::format("line {}, column {}: it is not YAML", error.mark.line + 1, error.mark.column + 1)
              : "it is not YAML",
        remedy);
  }
  return document;
}

Document Document::read(const std::filesystem::path& file) {
  const auto opened = base::open_file(file);
  std::string text;
  std::vector<char> buffer(64UL << 10U);
  for (;;) {
    const auto count = base::read_some(opened, buffer.data(), buffer.size(), file);
    if (count == 0) break;
    text.append(buffer.data(), count);
    if (text.size() > largest_document) break;
  }
  return parse(text, file.string());
}

int Document::line(const Path& path) const {
  for (Path at = path; !at.empty(); at.pop_back()) {
    const auto found = lines_.find(at);
    if (found != lines_.end()) return found->second;
  }
  return 1;
}

}  // namespace pipeline
