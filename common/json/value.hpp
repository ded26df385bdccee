// JSON text from outside, parsed with bounds: size, depth and duplicate keys are checked before anything reads it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace json {

using Value = nlohmann::json;

inline constexpr std::size_t deepest_nesting = 64;

// Parses one JSON value. `what` names the document in the error ("the request on stdin", "the manifest of r/app").
// Error{protocol} says line and column; a repeated key, a NUL in a key and nesting beyond the bound are errors.
[[nodiscard]] Value parse(std::string_view text, std::string_view what);

// The member of an object, or nullptr: for answers of servers, where unknown members are allowed.
[[nodiscard]] const Value* find(const Value& object, std::string_view name);

// Lenient readers for answers of servers: the fallback when the member is absent or of another type.
[[nodiscard]] std::string text_or(const Value& object, std::string_view name, std::string_view fallback = "");

// Compact JSON on one line; bytes that are not UTF-8 become U+FFFD instead of an exception.
[[nodiscard]] std::string dump(const Value& value);

}  // namespace json
