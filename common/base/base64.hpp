// Base64 (RFC 4648), in its usual alphabet and in that of URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace base {

[[nodiscard]] std::string base64(std::string_view bytes);
// '-' and '_' for '+' and '/', without padding (RFC 4648, 5), as JSON Web Tokens have it.
[[nodiscard]] std::string base64url(std::string_view bytes);
// Of either alphabet, padded or not; line breaks and blanks between are skipped. Nothing when it is neither.
[[nodiscard]] std::optional<std::string> decode_base64(std::string_view text);

}  // namespace base
