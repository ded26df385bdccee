// JSON text as Go's encoding/json writes it. The labels of an image are compared byte for byte by tools that were
// written against the reference, and they are part of the image's digest.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace buildpacks {

// Members in their order; `<`, `>`, `&`, U+2028 and U+2029 escaped; invalid UTF-8 as U+FFFD; 1.0 as 1.
[[nodiscard]] std::string label_text(const nlohmann::ordered_json& value);

// One string with its quotes.
[[nodiscard]] std::string go_json_string(std::string_view text);

}  // namespace buildpacks
