// A private key for ssh, as far as it can be judged without opening it. Formats: OpenSSH's own (PROTOCOL.key), PKCS #8
// (RFC 5958) and OpenSSL's older one (RFC 1421, 4.6).
#pragma once

#include <string_view>

namespace git {

// Whether it opens with a passphrase alone. Not for what is not a key: ssh will say that.
[[nodiscard]] bool is_locked(std::string_view private_key);

}  // namespace git
