// Enumerations as text: one of some words. The error for another word lists them and names the nearest.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.hpp"

namespace json {

template <class E>
using Choices = std::vector<std::pair<std::string_view, E>>;

// The index of the name that `value` is. Error{usage} for another one.
[[nodiscard]] std::size_t read_name(const Value& value, const std::string& path, const std::vector<std::string>& names);

template <class E>
[[nodiscard]] std::vector<std::string> names_of(const Choices<E>& choices) {
  std::vector<std::string> names;
  for (const auto& [name, choice] : choices) names.emplace_back(name);
  return names;
}

template <class E>
[[nodiscard]] E read_choice(const Value& value, const std::string& path, const Choices<E>& choices) {
  return choices[read_name(value, path, names_of(choices))].second;
}

template <class E>
[[nodiscard]] Value choice_schema(const Choices<E>& choices) {
  return {{"type", "string"}, {"enum", names_of(choices)}};
}

}  // namespace json
