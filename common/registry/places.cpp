#include "registry/places.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/letters.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;
using Ipv6 = std::array<unsigned char, 16>;

struct Network {
  std::uint32_t address;
  unsigned bits;
};
// RFC 6890: "this" network, private use, shared (carrier-grade NAT), loopback, link-local, protocol assignments,
// benchmarks, multicast and reserved.
constexpr std::array<Network, 11> private_networks{{{0x00000000, 8},
                                                    {0x0A000000, 8},
                                                    {0x64400000, 10},
                                                    {0x7F000000, 8},
                                                    {0xA9FE0000, 16},
                                                    {0xAC100000, 12},
                                                    {0xC0000000, 24},
                                                    {0xC0A80000, 16},
                                                    {0xC6120000, 15},
                                                    {0xE0000000, 4},
                                                    {0xF0000000, 4}}};

bool contains(const Network& network, std::uint32_t address) {
  return (address >> (32 - network.bits)) == (network.address >> (32 - network.bits));
}

bool is_private(std::uint32_t address) {
  return std::any_of(private_networks.begin(), private_networks.end(),
                     [&](const Network& network) { return contains(network, address); });
}

// Names and addresses may end in the dot of the root.
std::string without_root(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::lowered(host);
}

// inet_aton() knows every spelling that a resolver takes for an address: 127.1, 0x7f000001, 2130706433.
std::optional<std::uint32_t> ipv4(const std::string& host) {
  struct in_addr address {};
  if (inet_aton(host.c_str(), &address) == 0) return std::nullopt;
  return ntohl(address.s_addr);
}

std::optional<Ipv6> ipv6(const std::string& host) {
  Ipv6 address{};
  // A zone ("fe80::1%eth0") is not part of the address.
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

bool starts_with(const Ipv6& address, std::initializer_list<unsigned char> prefix) {
  return std::equal(prefix.begin(), prefix.end(), address.begin());
}

std::uint32_t ipv4_at(const Ipv6& address, std::size_t index) {
  return (std::uint32_t{address.at(index)} << 24U) | (std::uint32_t{address.at(index + 1)} << 16U) |
         (std::uint32_t{address.at(index + 2)} << 8U) | address.at(index + 3);
}

// The IPv4 address that packets to this one reach in the end.
std::optional<std::uint32_t> embedded_ipv4(const Ipv6& address) {
  const bool zeros = starts_with(address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  if (zeros && address[10] == 0xFF && address[11] == 0xFF) return ipv4_at(address, 12);  // mapped (RFC 4291)
  if (zeros && address[10] == 0 && address[11] == 0) return ipv4_at(address, 12);        // compatible, :: and ::1
  if (starts_with(address, {0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0})) return ipv4_at(address, 12);  // RFC 6052
  if (starts_with(address, {0x20, 0x02})) return ipv4_at(address, 2);  // 6to4 (RFC 3056)
  return std::nullopt;
}

bool is_private(const Ipv6& address) {
  if (const auto inner = embedded_ipv4(address)) return is_private(*inner);
  const bool unique_local = (address[0] & 0xFEU) == 0xFC;
  const bool link_or_site_local = address[0] == 0xFE && (address[1] & 0x80U) == 0x80;
  const bool multicast = address[0] == 0xFF;
  const bool local_nat64 = starts_with(address, {0, 0x64, 0xFF, 0x9B, 0, 1});  // RFC 8215
  return unique_local || link_or_site_local || multicast || local_nat64;
}

bool is_local_name(const std::string& name) {
  // The name of a cloud's metadata service stands for a link-local address.
  return name == "localhost" || name.ends_with(".localhost") || name == "metadata.google.internal";
}

[[noreturn]] void refuse_realm(const http::Origin& registry, std::string cause) {
  throw Error(ErrorKind::protocol, {"log in to registry", registry.host, std::move(cause), ""});
}

}  // namespace

bool is_loopback_host(std::string_view host) {
  const std::string name = without_root(host);
  if (name == "localhost" || name.ends_with(".localhost")) return true;
  if (const auto address = ipv4(name)) return contains({0x7F000000, 8}, *address);
  const auto address = ipv6(name);
  return address && starts_with(*address, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) && address->back() <= 1;
}

bool is_private_host(std::string_view host) {
  const std::string name = without_root(host);
  if (is_local_name(name)) return true;
  if (const auto address = ipv4(name)) return is_private(*address);
  const auto address = ipv6(name);
  return address && is_private(*address);
}

bool is_foreign_private_host(std::string_view host, const http::Origin& registry) {
  return without_root(host) != without_root(registry.host) && is_private_host(host);
}

void require_realm(const http::Url& realm, const http::Origin& registry) {
  if (realm.origin.scheme != "https" && registry.scheme == "https") {
    refuse_realm(registry, fmt::format("the realm that it names, {}, is not encrypted", realm.shown()));
  }
  if (is_foreign_private_host(realm.origin.host, registry)) {
    refuse_realm(registry, fmt::format("the realm that it names, {}, is a private address", realm.shown()));
  }
}

http::Url check_realm(const std::string& realm, const http::Origin& registry) {
  auto url = http::Url::parse(realm);
  if (!url) {
    refuse_realm(registry, fmt::format("the realm that it names, \"{}\", is not a URL", base::printable(realm, 128)));
  }
  require_realm(*url, registry);
  url->credentials.reset();
  return *std::move(url);
}

void require_public(const http::Url& target, const http::Origin& registry) {
  if (!is_foreign_private_host(target.origin.host, registry)) return;
  throw Error(ErrorKind::protocol, {"follow", fmt::format("an answer of registry {}", registry.host),
                                    fmt::format("it leads to {}, which is a private address", target.shown()), ""});
}

}  // namespace registry
