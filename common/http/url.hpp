// An absolute HTTP(S) URL in its parts (RFC 3986). Credentials written into a URL are taken out of it when it is
// parsed, so that no Url can print them; shown() is the one way to print a URL at all.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

namespace http {

struct Credentials {
  std::string username;
  base::Secret password;
  friend bool operator==(const Credentials&, const Credentials&) = default;
};

// Scheme, host and port: what credentials are bound to (RFC 6454).
struct Origin {
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; IPv6 without its brackets
  std::uint16_t port = 0;
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Url {
  Origin origin;
  std::string path = "/";  // starts with '/'; percent-encoded as it was written
  std::string query;       // without '?'
  std::optional<Credentials> credentials;

  // Nothing when the text is not an http or https URL, or has control characters or blanks.
  [[nodiscard]] static std::optional<Url> parse(std::string_view text);
  // Resolves a reference (a Location header) against this URL (RFC 3986, 5.2). Credentials are not inherited.
  [[nodiscard]] std::optional<Url> resolve(std::string_view reference) const;

  // For the wire: complete, but without credentials.
  [[nodiscard]] std::string text() const;
  // For people: without credentials, and without the values of query parameters that may be secrets (signed links);
  // only those of the registry and git protocols are shown.
  [[nodiscard]] std::string shown() const;
  // "host" or "host:port" as a Host header and a reference write it.
  [[nodiscard]] std::string authority() const;
};

// Percent-encodes all but unreserved characters (RFC 3986, 2.3).
[[nodiscard]] std::string percent_encode(std::string_view text);
// Nothing when an escape is malformed or stands for NUL.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

}  // namespace http
