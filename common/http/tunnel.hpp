// A connection through a HTTP proxy to a server that speaks something else (CONNECT, RFC 9110, 9.3.6).
#pragma once

#include <chrono>
#include <string>

#include "base/file_descriptor.hpp"
#include "http/proxy.hpp"

namespace http {

// The connected socket; what the server sends first is still in it. Error{transient} when the proxy is not reached or
// does not reach the server, {denied} when it refuses the credentials.
[[nodiscard]] base::FileDescriptor open_tunnel(const Tunnel& proxy, const std::string& host, std::uint16_t port,
                                               std::chrono::seconds limit = std::chrono::seconds(20));

}  // namespace http
