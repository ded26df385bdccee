// The Link header by which a list says where its next page is (RFC 8288).
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"

namespace registry {

// The target of the relation "next", as it was written; nothing when no link has it. A header that cannot be read is
// not the end of a list: Error{protocol}, `object` naming the list.
[[nodiscard]] std::optional<std::string> next_link(const http::Headers& headers, const std::string& object);

}  // namespace registry
