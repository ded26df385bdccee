#include "http/proxy.hpp"

#include <charconv>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

namespace http {
namespace {

struct Deleter {
  void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
};

std::string part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* raw = nullptr;
  if (curl_url_get(handle, which, &raw, flags) != CURLUE_OK) return "";
  const std::unique_ptr<char, void (*)(void*)> text(raw, curl_free);
  return text.get();
}

// What curl assumes for a proxy (RFC 1928 for SOCKS).
std::uint16_t usual_port(std::string_view scheme) { return scheme == "https" ? 443 : 1080; }

}  // namespace

std::optional<Proxy> Proxy::parse(std::string_view text) {
  const std::string url = (text.find("://") == std::string_view::npos ? "http://" : "") + std::string(text);
  const std::unique_ptr<CURLU, Deleter> handle(curl_url());
  if (handle == nullptr ||
      curl_url_set(handle.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK) {
    return std::nullopt;
  }
  Proxy result;
  result.scheme = part(handle.get(), CURLUPART_SCHEME);
  const bool known =
      result.scheme == "http" || result.scheme == "https" || result.scheme == "socks5" || result.scheme == "socks5h";
  result.host = part(handle.get(), CURLUPART_HOST);
  if (result.host.starts_with('[')) result.host = result.host.substr(1, result.host.size() - 2);
  if (!known || result.host.empty()) return std::nullopt;
  result.port = usual_port(result.scheme);
  const auto port = part(handle.get(), CURLUPART_PORT);
  if (!port.empty() && std::from_chars(port.data(), port.data() + port.size(), result.port).ec != std::errc()) {
    return std::nullopt;
  }
  const auto user = part(handle.get(), CURLUPART_USER, CURLU_URLDECODE);
  const auto password = part(handle.get(), CURLUPART_PASSWORD, CURLU_URLDECODE);
  if (!user.empty() || !password.empty()) result.credentials = Credentials{user, base::Secret(password)};
  return result;
}

std::string Proxy::text() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", scheme, ipv6 ? "[" : "", host, ipv6 ? "]" : "", port);
}

}  // namespace http
