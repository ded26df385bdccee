#include "clouds/sigv4.hpp"

#include <algorithm>
#include <array>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/letters.hpp"

namespace clouds {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result{};
  unsigned int size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes, text.size(), result.data(), &size) ==
      nullptr) {
    throw base::Error(base::ErrorKind::internal, {"sign", "a request to AWS", "OpenSSL refuses it", ""});
  }
  return {result.begin(), result.begin() + size};
}

std::string hex(std::string_view bytes) {
  std::string result;
  for (const char c : bytes) result += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return result;
}

std::string hash(std::string_view text) { return std::string(base::Sha256::of(text).hex()); }

std::string timestamp(base::WallTime time) { return fmt::format("{:%Y%m%dT%H%M%SZ}", time); }

// However it is written: what is encoded already is not encoded twice.
std::string encoded(std::string_view text) {
  return http::percent_encode(http::percent_decode(text).value_or(std::string(text)));
}

// Without "." and "..", and without empty segments (RFC 3986, 5.2.4).
std::string canonical_path(std::string_view path) {
  std::vector<std::string> segments;
  bool is_folder = true;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const auto segment = path.substr(0, end);
    is_folder = end < path.size() || segment == "." || segment == ".." || segment.empty();
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(encoded(segment));
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::string result;
  for (const auto& segment : segments) result += "/" + segment;
  return is_folder || segments.empty() ? result + "/" : result;
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto parameter = query.substr(0, end);
    const auto equals = std::min(parameter.find('='), parameter.size());
    parameters.emplace_back(encoded(parameter.substr(0, equals)),
                            equals < parameter.size() ? encoded(parameter.substr(equals + 1)) : "");
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string result;
  for (const auto& [name, value] : parameters) {
    result += fmt::format("{}{}={}", result.empty() ? "" : "&", name, value);
  }
  return result;
}

// Runs of blanks become one, and none stands at the ends.
std::string trimmed(std::string_view value) {
  std::string result;
  for (const char c : value) {
    const bool is_blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!is_blank) {
      result += c;
    } else if (!result.empty() && result.back() != ' ') {
      result += ' ';
    }
  }
  if (result.ends_with(' ')) result.pop_back();
  return result;
}

std::map<std::string, std::string> canonical_headers(const http::Headers& headers) {
  std::map<std::string, std::string> result;
  for (const auto& [name, value] : headers.fields()) {
    auto& joined = result[base::lowered(name)];
    joined += (joined.empty() ? "" : ",") + trimmed(value);
  }
  return result;
}

std::string signed_names(const http::Headers& headers) {
  std::string result;
  for (const auto& [name, value] : canonical_headers(headers)) result += (result.empty() ? "" : ";") + name;
  return result;
}

}  // namespace

std::string canonical_request(const AwsRequest& request) {
  std::string result =
      fmt::format("{}\n{}\n{}\n", request.method, canonical_path(request.path), canonical_query(request.query));
  for (const auto& [name, value] : canonical_headers(request.headers)) result += name + ":" + value + "\n";
  return result + fmt::format("\n{}\n{}", signed_names(request.headers), hash(request.body));
}

std::string aws_authorization(const AwsRequest& request, const AwsKeys& keys, const AwsScope& scope,
                              base::WallTime now) {
  const auto time = timestamp(now);
  const auto date = time.substr(0, 8);
  const auto place = fmt::format("{}/{}/{}/aws4_request", date, scope.region, scope.service);
  const auto text = fmt::format("{}\n{}\n{}\n{}", algorithm, time, place, hash(canonical_request(request)));
  auto key = hmac("AWS4" + std::string(keys.secret.reveal()), date);
  for (const auto& part : {scope.region, scope.service, std::string("aws4_request")}) key = hmac(key, part);
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm, keys.id, place,
                     signed_names(request.headers), hex(hmac(key, text)));
}

void sign(http::Request& request, std::string body, const AwsKeys& keys, const AwsScope& scope, base::WallTime now) {
  request.method = http::Method::post;
  request.repeatable = true;
  request.body_is_secret = true;
  request.headers.set("X-Amz-Date", timestamp(now));
  if (!keys.session_token.empty()) {
    request.headers.set("X-Amz-Security-Token", std::string(keys.session_token.reveal()));
  }
  AwsRequest all{"POST", request.url.path, request.url.query, request.headers, body};
  all.headers.set("Host", request.url.authority());
  request.headers.set("Authorization", aws_authorization(all, keys, scope, now));
  request.body = http::text_body(std::move(body));
}

}  // namespace clouds
