// What a registry says of a failure (distribution-spec, "Error Codes").
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/message.hpp"
#include "registry/host_options.hpp"

namespace registry {

// Printable and bounded; empty where the body says nothing in the specification's form, as a proxy's page does.
struct Refusal {
  std::string code;    // "MANIFEST_UNKNOWN"
  std::string detail;  // "MANIFEST_UNKNOWN: manifest unknown"
};
[[nodiscard]] Refusal parse_refusal(std::string_view body);

// An error for a refused request: what the registry says, its status and code, and for 401 and 403 which field holds
// the credentials.
[[nodiscard]] base::Error refusal_error(const HostOptions& host, const std::string& action, const std::string& object,
                                        const http::Response& response);

}  // namespace registry
