// What the status of a response means for people and for code.
#pragma once

#include <string>

#include "base/error.hpp"
#include "http/message.hpp"

namespace http {

// An error for a response whose status says that the request failed; kind by status (401, 403 and 407 denied; 404
// not_found; 408, 429, 5xx transient; else protocol). It carries the status.
[[nodiscard]] base::Error status_error(std::string action, std::string object, const Response& response,
                                       std::string detail = "", std::string remedy = "");

}  // namespace http
