#include "registry/auth.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <fmt/format.h>

#include "base/error.hpp"
#include "http/authenticating.hpp"
#include "json/value.hpp"

namespace registry {
namespace {

using base::Error;
using base::ErrorKind;

constexpr std::uint64_t largest_token = 1ULL << 20U;
constexpr std::chrono::seconds usual_lifetime{60};
constexpr std::chrono::seconds longest_lifetime{24 * 3600};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return result;
}

// Reads one WWW-Authenticate value: schemes, each with parameters; commas separate both.
class ChallengeReader {
 public:
  explicit ChallengeReader(std::string_view text) : text_(text) {}

  std::vector<Challenge> read() {
    std::vector<Challenge> result;
    bool known = false;
    while (true) {
      skip(" \t,");
      const std::string word(take_token());
      if (word.empty()) return result;
      skip(" \t");
      if (peek() != '=') {
        const std::string scheme = lower(word);
        known = scheme == "bearer" || scheme == "basic";
        if (known) {
          result.push_back({scheme == "bearer" ? Challenge::Scheme::bearer : Challenge::Scheme::basic, "", "", ""});
        }
        continue;
      }
      text_.remove_prefix(1);
      skip(" \t");
      const std::string value = take_value();
      if (known) set(result.back(), lower(word), value);
    }
  }

 private:
  static void set(Challenge& challenge, const std::string& name, const std::string& value) {
    if (name == "realm") challenge.realm = value;
    if (name == "service") challenge.service = value;
    if (name == "scope") challenge.scope = value;
  }

  [[nodiscard]] char peek() const { return text_.empty() ? '\0' : text_.front(); }

  void skip(std::string_view characters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(characters), text_.size()));
  }

  std::string_view take_token() {
    const auto end = std::min(text_.find_first_of(" \t,=\""), text_.size());
    const auto token = text_.substr(0, end);
    text_.remove_prefix(end);
    return token;
  }

  std::string take_value() {
    if (peek() != '"') return std::string(take_token());
    std::string value;
    for (text_.remove_prefix(1); !text_.empty() && text_.front() != '"'; text_.remove_prefix(1)) {
      if (text_.front() == '\\' && text_.size() > 1) text_.remove_prefix(1);
      value += text_.front();
    }
    if (!text_.empty()) text_.remove_prefix(1);
    return value;
  }

  std::string_view text_;
};

// inet_aton() knows every spelling that a resolver takes for an address: 127.1, 0x7f000001, 2130706433.
std::optional<std::uint32_t> ipv4(const std::string& host) {
  struct in_addr address {};
  if (inet_aton(host.c_str(), &address) == 0) return std::nullopt;
  return ntohl(address.s_addr);
}

bool in_network(std::uint32_t address, std::uint32_t network, unsigned bits) {
  return (address >> (32 - bits)) == (network >> (32 - bits));
}

bool is_private_ipv4(std::uint32_t address) {
  return in_network(address, 0x00000000, 8) || in_network(address, 0x0A000000, 8) ||
         in_network(address, 0x64400000, 10) || in_network(address, 0x7F000000, 8) ||
         in_network(address, 0xA9FE0000, 16) || in_network(address, 0xAC100000, 12) ||
         in_network(address, 0xC0A80000, 16);
}

std::optional<std::array<unsigned char, 16>> ipv6(const std::string& host) {
  std::array<unsigned char, 16> address{};
  // A zone ("fe80::1%eth0") is no part of the address.
  if (inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), address.data()) != 1) return std::nullopt;
  return address;
}

bool is_loopback_ipv6(const std::array<unsigned char, 16>& address) {
  return std::all_of(address.begin(), address.end() - 1, [](unsigned char byte) { return byte == 0; }) &&
         address.back() <= 1;
}

std::optional<std::uint32_t> mapped_ipv4(const std::array<unsigned char, 16>& address) {
  const bool mapped =
      std::all_of(address.begin(), address.begin() + 10, [](unsigned char byte) { return byte == 0; }) &&
      address[10] == 0xFF && address[11] == 0xFF;
  if (!mapped) return std::nullopt;
  return (std::uint32_t{address[12]} << 24U) | (std::uint32_t{address[13]} << 16U) |
         (std::uint32_t{address[14]} << 8U) | address[15];
}

std::string joined(const std::vector<std::string>& scopes) {
  std::string result;
  for (const auto& scope : scopes) result += (result.empty() ? "" : " ") + scope;
  return result;
}

bool is_localhost(std::string_view host) {
  const std::string name = lower(host);
  return name == "localhost" || name == "localhost." || name.ends_with(".localhost");
}

}  // namespace

std::optional<Challenge> find_challenge(const http::Headers& headers) {
  std::optional<Challenge> best;
  for (const auto& value : headers.all("WWW-Authenticate")) {
    for (auto& challenge : ChallengeReader(value).read()) {
      const bool answerable = challenge.scheme == Challenge::Scheme::basic || !challenge.realm.empty();
      const bool better = !best || (best->scheme == Challenge::Scheme::basic);
      if (answerable && better) best = std::move(challenge);
    }
  }
  return best;
}

bool is_loopback_host(std::string_view host) {
  const std::string text(host);
  if (is_localhost(host)) return true;
  if (const auto address = ipv4(text)) return in_network(*address, 0x7F000000, 8);
  if (const auto address = ipv6(text)) return is_loopback_ipv6(*address);
  return false;
}

bool is_private_host(std::string_view host) {
  const std::string text(host);
  if (is_localhost(host)) return true;
  if (const auto address = ipv4(text)) return is_private_ipv4(*address);
  const auto address = ipv6(text);
  if (!address) return false;
  if (const auto mapped = mapped_ipv4(*address)) return is_private_ipv4(*mapped);
  const bool unique_local = ((*address)[0] & 0xFEU) == 0xFC;
  const bool link_local = (*address)[0] == 0xFE && ((*address)[1] & 0xC0U) == 0x80;
  return is_loopback_ipv6(*address) || unique_local || link_local;
}

http::Url check_realm(const std::string& realm, const http::Origin& registry) {
  const auto refuse = [&](std::string cause) {
    return Error(ErrorKind::protocol, {"log in to registry", registry.host, std::move(cause), ""});
  };
  auto url = http::Url::parse(realm);
  if (!url) throw refuse(fmt::format("the realm that it names, \"{}\", is no URL", base::printable(realm, 128)));
  if (url->origin.scheme != "https" && registry.scheme == "https") {
    throw refuse(fmt::format("the realm that it names, {}, is not encrypted", url->shown()));
  }
  if (url->origin.host != registry.host && is_private_host(url->origin.host)) {
    throw refuse(fmt::format("the realm that it names, {}, is a private address", url->shown()));
  }
  url->credentials.reset();
  return *std::move(url);
}

std::vector<std::string> merge_scopes(std::string_view challenged, const std::vector<std::string>& needed) {
  std::vector<std::string> result;
  const auto add = [&](std::string scope) {
    if (!scope.empty() && std::find(result.begin(), result.end(), scope) == result.end()) {
      result.push_back(std::move(scope));
    }
  };
  while (!challenged.empty()) {
    const auto end = std::min(challenged.find(' '), challenged.size());
    add(std::string(challenged.substr(0, end)));
    challenged.remove_prefix(std::min(end + 1, challenged.size()));
  }
  for (const auto& scope : needed) add(scope);
  return result;
}

http::Request token_request(const http::Url& realm, const std::string& service, const std::vector<std::string>& scopes,
                            const std::optional<http::Credentials>& credentials) {
  http::Request request;
  request.url = realm;
  const auto add = [&](std::string_view name, const std::string& value) {
    request.url.query +=
        fmt::format("{}{}={}", request.url.query.empty() ? "" : "&", name, http::percent_encode(value));
  };
  if (!service.empty()) add("service", service);
  for (const auto& scope : scopes) add("scope", scope);
  if (credentials) request.headers.set("Authorization", http::basic_authorization(*credentials));
  request.headers.set("Accept", "application/json");
  request.body_limit = largest_token;
  return request;
}

http::Request identity_token_request(const http::Url& realm, const std::string& service,
                                     const std::vector<std::string>& scopes, const base::Secret& identity_token) {
  http::Request request;
  request.method = http::Method::post;
  request.url = realm;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "application/json");
  request.body = http::text_body(
      fmt::format("grant_type=refresh_token&client_id=build-service&service={}&scope={}&refresh_token={}",
                  http::percent_encode(service), http::percent_encode(joined(scopes)),
                  http::percent_encode(identity_token.reveal())));
  request.repeatable = true;
  request.body_limit = largest_token;
  return request;
}

Token parse_token(std::string_view body, std::string_view realm) {
  const std::string object = fmt::format("the token from {}", realm);
  const json::Value value = json::parse(body, object);
  std::string token = json::text_or(value, "token");
  if (token.empty()) token = json::text_or(value, "access_token");
  if (token.empty() || token.find_first_of("\r\n \t") != std::string::npos) {
    throw Error(ErrorKind::protocol, {"read", object, "the answer holds no token", ""});
  }
  auto lifetime = usual_lifetime;
  if (const auto* said = json::find(value, "expires_in"); said != nullptr && said->is_number_unsigned()) {
    const auto seconds = std::min<std::uint64_t>(said->get<std::uint64_t>(), longest_lifetime.count());
    if (seconds > 0) lifetime = std::chrono::seconds(seconds);
  }
  return {base::Secret(std::move(token)), lifetime};
}

std::chrono::milliseconds useful_life(std::chrono::seconds lifetime) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(lifetime) * 3 / 4;
}

std::string error_detail(std::string_view body) {
  try {
    const json::Value value = json::parse(body, "an error");
    const auto* errors = json::find(value, "errors");
    if (errors == nullptr || !errors->is_array() || errors->empty()) return json::text_or(value, "details");
    const std::string code = json::text_or(errors->front(), "code");
    const std::string message = json::text_or(errors->front(), "message");
    const std::string text = code + (code.empty() || message.empty() ? "" : ": ") + message;
    return base::printable(text, 256);
  } catch (const Error&) {
    return "";  // A proxy's HTML says nothing that the status does not.
  }
}

std::string error_code(std::string_view body) {
  try {
    const json::Value value = json::parse(body, "an error");
    const auto* errors = json::find(value, "errors");
    if (errors == nullptr || !errors->is_array() || errors->empty()) return "";
    return json::text_or(errors->front(), "code");
  } catch (const Error&) {
    return "";
  }
}

}  // namespace registry
