#include "pipeline/vars.hpp"

#include <optional>
#include <vector>

namespace pipeline {
namespace {

struct Found {
  std::size_t begin = 0;
  std::size_t end = 0;  // behind the parentheses
  std::string name;
};

std::optional<Found> next_var(const std::string& text, std::size_t from) {
  const auto begin = text.find("((", from);
  if (begin == std::string::npos) return std::nullopt;
  const auto end = text.find("))", begin);
  if (end == std::string::npos) return std::nullopt;
  return Found{begin, end + 2, text.substr(begin + 2, end - begin - 2)};
}

// "a.b" and "a.\"b.c\"", as Concourse splits them.
std::vector<std::string> fields_of(const std::string& name) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char each : name) {
    if (each == '"') {
      quoted = !quoted;
    } else if (each == '.' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += each;
    }
  }
  return fields;
}

struct Known {
  const json::Value& vars;
  std::string_view source;
};

const json::Value* value_of(const std::string& name, const Known& known) {
  const auto colon = name.find(':');
  const std::string_view source = colon == std::string::npos ? "" : std::string_view(name).substr(0, colon);
  if (source != known.source) return nullptr;
  const auto* value = &known.vars;
  for (const auto& field : fields_of(colon == std::string::npos ? name : name.substr(colon + 1))) {
    value = value->is_object() ? json::find(*value, field) : nullptr;
    if (value == nullptr) return nullptr;
  }
  return value;
}

// Whether a var is left.
bool put_into_text(json::Value& value, const Known& vars) {
  const auto text = value.get<std::string>();
  std::string result;
  bool left = false;
  std::size_t from = 0;
  while (const auto found = next_var(text, from)) {
    const auto* known = value_of(found->name, vars);
    if (known != nullptr && found->begin == 0 && found->end == text.size()) {
      value = *known;
      return false;
    }
    result += text.substr(from, found->begin - from);
    const bool fits = known != nullptr && !known->is_structured() && !known->is_null();
    if (fits) {
      result += known->is_string() ? known->get<std::string>() : known->dump();
    } else {
      result += text.substr(found->begin, found->end - found->begin);
      left = true;
    }
    from = found->end;
  }
  value = result + text.substr(from);
  return left;
}

void put(json::Value& value, const Known& vars, Path& path, std::set<Path>& left) {
  if (value.is_string()) {
    if (put_into_text(value, vars)) left.insert(path);
  } else if (value.is_object()) {
    for (auto& [key, each] : value.items()) {
      path.push_back(key);
      put(each, vars, path, left);
      path.pop_back();
    }
  } else if (value.is_array()) {
    for (std::size_t index = 0; index < value.size(); ++index) {
      path.push_back(std::to_string(index));
      put(value[index], vars, path, left);
      path.pop_back();
    }
  }
}

}  // namespace

std::set<Path> put_vars(json::Value& value, const json::Value& vars, const Path& root, std::string_view source) {
  std::set<Path> left;
  Path path = root;
  put(value, {vars, source}, path, left);
  return left;
}

}  // namespace pipeline
