#include "http/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <curl/curl.h>
#include <fmt/format.h>
#include <memory>

#include "base/letters.hpp"

namespace http {
namespace {

struct Deleter {
  void operator()(CURLU* handle) const noexcept { curl_url_cleanup(handle); }
  void operator()(char* text) const noexcept { curl_free(text); }
};
using Handle = std::unique_ptr<CURLU, Deleter>;

constexpr std::size_t longest_url = 16UL * 1024;

std::optional<std::string> part(CURLU* handle, CURLUPart which, unsigned flags = 0) {
  char* raw = nullptr;
  if (curl_url_get(handle, which, &raw, flags) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, Deleter> text(raw);
  return std::string(text.get());
}

bool is_clean(std::string_view text) {
  return text.size() <= longest_url && std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte > 0x20 && byte != 0x7F && c != '\\';
         });
}

std::optional<Url> from_handle(CURLU* handle) {
  Url url;
  url.origin.scheme = part(handle, CURLUPART_SCHEME).value_or("");
  if (url.origin.scheme != "http" && url.origin.scheme != "https") return std::nullopt;
  std::string host = part(handle, CURLUPART_HOST).value_or("");
  if (host.empty()) return std::nullopt;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  url.origin.host = base::lowered(host);
  const std::string port = part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or("");
  if (std::from_chars(port.data(), port.data() + port.size(), url.origin.port).ec != std::errc()) return std::nullopt;
  url.path = part(handle, CURLUPART_PATH).value_or("/");
  url.query = part(handle, CURLUPART_QUERY).value_or("");
  const auto user = part(handle, CURLUPART_USER, CURLU_URLDECODE);
  const auto password = part(handle, CURLUPART_PASSWORD, CURLU_URLDECODE);
  if (user || password) url.credentials = Credentials{user.value_or(""), base::Secret(password.value_or(""))};
  return url;
}

// Parameters of the registry, token and git protocols; all others may be signatures and stay hidden.
constexpr std::array<std::string_view, 9> shown_parameters{"service", "scope", "n",  "last",        "digest",
                                                           "mount",   "from",  "ns", "artifactType"};

std::string shown_query(std::string_view query) {
  std::string result;
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto parameter = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    const auto name = parameter.substr(0, parameter.find('='));
    const bool known = std::find(shown_parameters.begin(), shown_parameters.end(), name) != shown_parameters.end();
    result += fmt::format("{}{}", result.empty() ? "?" : "&", known ? parameter : fmt::format("{}=...", name));
  }
  return result;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<Url> Url::parse(std::string_view text) {
  if (!is_clean(text)) return std::nullopt;
  const Handle handle(curl_url());
  // The fragment is dropped: it is never sent.
  const std::string copy(text.substr(0, text.find('#')));
  if (handle == nullptr || curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  return from_handle(handle.get());
}

std::optional<Url> Url::resolve(std::string_view reference) const {
  if (!is_clean(reference)) return std::nullopt;
  const Handle handle(curl_url());
  const std::string copy(reference.substr(0, reference.find('#')));
  if (handle == nullptr || curl_url_set(handle.get(), CURLUPART_URL, text().c_str(), 0) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, copy.c_str(), 0) != CURLUE_OK) {
    return std::nullopt;
  }
  return from_handle(handle.get());
}

std::string Url::authority() const {
  const bool ipv6 = origin.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + origin.host + "]" : origin.host;
  const bool usual = origin.port == (origin.scheme == "https" ? 443 : 80);
  return usual ? host : fmt::format("{}:{}", host, origin.port);
}

std::string Url::text() const {
  return fmt::format("{}://{}{}{}{}", origin.scheme, authority(), path, query.empty() ? "" : "?", query);
}

std::string Url::shown() const {
  return fmt::format("{}://{}{}{}", origin.scheme, authority(), path, shown_query(query));
}

std::string percent_encode(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z') || c == '-' || c == '_' || c == '.' || c == '~';
    result += unreserved ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return result;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

}  // namespace http
