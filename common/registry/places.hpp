// Where a registry may lead a client: to its token server, to the storage of its blobs, and never into the network that
// the client happens to stand in. Names are not resolved; addresses are known in all their spellings.
#pragma once

#include <string>
#include <string_view>

#include "http/url.hpp"

namespace registry {

// Whether an address is of this machine or its network (RFC 1918, 4193, 3927, 6598, loopback), however it is spelt:
// also inside IPv6 (mapped, NAT64, 6to4) and with the dot of the root.
[[nodiscard]] bool is_private_host(std::string_view host);
[[nodiscard]] bool is_loopback_host(std::string_view host);

// Whether `host` is private and not that of the registry itself, whose other ports may serve tokens and blobs.
[[nodiscard]] bool is_foreign_private_host(std::string_view host, const http::Origin& registry);

// Where tokens come from. A registry may not send credentials to just any place: the realm is https unless the
// registry itself is plain http, and not a private address unless it is the registry's own host. Error{protocol}.
[[nodiscard]] http::Url check_realm(const std::string& realm, const http::Origin& registry);
// The same for where a token server redirects to.
void require_realm(const http::Url& realm, const http::Origin& registry);

// Error{protocol} where an answer of the registry (a redirect, an upload's Location) leads to a foreign private host.
void require_public(const http::Url& target, const http::Origin& registry);

}  // namespace registry
