// What a registry asks of a client that wants in: the challenges of a 401 (RFC 9110, 11.6.1).
#pragma once

#include <optional>
#include <string>

#include "http/message.hpp"

namespace registry {

struct Challenge {
  enum class Scheme { basic, bearer } scheme;
  std::string realm;
  std::string service;
  std::string scope;  // blanks between several
};

// The strongest challenge of a 401 that this client can answer: Bearer before Basic. Nothing when there is none.
[[nodiscard]] std::optional<Challenge> find_challenge(const http::Headers& headers);

}  // namespace registry
