// Proxies that are given explicitly, instead of those that the environment names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/url.hpp"

namespace http {

// An HTTP proxy that all requests go through, tunnelled by CONNECT (the git resource's https_tunnel).
struct Tunnel {
  std::string host;
  std::uint16_t port = 0;
  std::optional<Credentials> credentials;
};

// A proxy as http_proxy and a kubeconfig's proxy-url name it.
struct Proxy {
  std::string scheme = "http";  // "http", "https", "socks5" or "socks5h"
  std::string host;             // IPv6 without its brackets
  std::uint16_t port = 0;
  std::optional<Credentials> credentials;

  // "socks5://user:word@proxy.example:1080", or without a scheme for http; nothing when it is not a proxy's URL.
  [[nodiscard]] static std::optional<Proxy> parse(std::string_view text);
  // Without credentials.
  [[nodiscard]] std::string text() const;
};

}  // namespace http
