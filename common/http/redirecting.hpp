// A decorator that follows redirects (RFC 9110, 15.4), at most ten.
#pragma once

#include <memory>

#include "http/client.hpp"

namespace http {

// Authorization, Cookie and Proxy-Authorization never go to another origin, a body that holds a secret
// (Request::body_is_secret) is never sent there at all, and an https URL is never left for a http one: Error{protocol}.
// Request::judge_redirect is asked before each. A body is sent again for 307 and 308 only.
[[nodiscard]] std::unique_ptr<Client> make_redirecting(std::unique_ptr<Client> inner);

}  // namespace http
