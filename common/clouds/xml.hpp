// As much of XML as the answers of AWS's query APIs need.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace clouds {

// The text of the first element of that name, its entities resolved. Nothing where there is none, or where it has
// elements itself. Names with prefixes, comments and CDATA are not known: the APIs do not write them.
[[nodiscard]] std::optional<std::string> xml_text(std::string_view document, std::string_view name);

}  // namespace clouds
