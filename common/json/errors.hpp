// What is wrong with a value that a user wrote, as an error that names its path. All are Error{usage}.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.hpp"

namespace json {

// "cannot read <path>: expected <expected>, got <what the value is>".
[[noreturn]] void wrong_type(const std::string& path, std::string_view expected, const Value& got);
// "cannot read <path>: <cause>; <remedy>".
[[noreturn]] void wrong_value(const std::string& path, std::string cause, std::string remedy = "");
[[noreturn]] void unknown_field(const std::string& path, std::string_view name, const std::vector<std::string>& valid);
[[noreturn]] void missing_field(const std::string& path, std::string_view name, std::string_view help);

// The candidate with the smallest edit distance when it is near enough to be a slip of the finger.
[[nodiscard]] std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace json
