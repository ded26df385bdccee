// The client that everybody uses for servers that may redirect: retries around redirects around what sends. What sends
// is curl, or curl with what one server asks for around it: credentials (http/authenticating.hpp), header fields.
#pragma once

#include <memory>

#include "base/log.hpp"
#include "base/random.hpp"
#include "http/client.hpp"

namespace http {

[[nodiscard]] std::unique_ptr<Client> make_client(std::unique_ptr<Client> sender, base::Random& random, base::Log& log);

}  // namespace http
