#include "clouds/oauth.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "base/error.hpp"
#include "base/number.hpp"
#include "http/date.hpp"
#include "http/status.hpp"
#include "json/value.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::seconds;

constexpr std::uint64_t largest_answer = 256UL << 10U;
constexpr std::chrono::minutes allowed_skew(5);

std::string joined(const std::string& code, const std::string& text) {
  return code.empty() || text.empty() ? code + text : fmt::format("{}: {}", code, text);
}

// "invalid_grant: Bad credentials" (RFC 6749, 5.2), or the form of registries (distribution-spec, "Error Codes").
std::string told_error(const http::Response& response) {
  try {
    const auto document = json::parse(response.body, "an answer");
    const auto* errors = json::find(document, "errors");
    if (errors != nullptr && errors->is_array() && !errors->empty()) {
      return joined(json::text_or(errors->front(), "code"), json::text_or(errors->front(), "message"));
    }
    return joined(json::text_or(document, "error"), json::text_or(document, "error_description"));
  } catch (const Error&) {
    return "";
  }
}

std::optional<std::string> skew(const http::Response& response, base::WallTime now) {
  const auto behind = http::clock_behind(response, now, allowed_skew);
  return behind ? std::optional(http::clock_remedy(*behind, response.url.origin.host)) : std::nullopt;
}

// RFC 6749 wants a number; Azure's metadata service gives text. Nothing where it is neither.
std::optional<std::int64_t> lifetime_of(const json::Value& document) {
  const auto* value = json::find(document, "expires_in");
  if (value == nullptr) return std::nullopt;
  if (value->is_number_integer()) return value->get<std::int64_t>();
  return base::parse_whole<std::int64_t>(json::text_or(document, "expires_in"));
}

}  // namespace

base::Error refusal(const http::Response& response, std::string said, const Asked& asked) {
  const auto wrong_clock = skew(response, asked.now);
  said = base::printable(said, 300);
  if (said.empty()) said = fmt::format("{} answers HTTP status {}", response.url.shown(), response.status);
  return Error(ErrorKind::denied, {asked.action, asked.object, std::move(said), wrong_clock.value_or(asked.remedy)})
      .answered(response.status);
}

void add_to_form(std::string& form, std::string_view name, std::string_view value) {
  form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, http::percent_encode(value));
}

FetchedToken request_token(http::Client& http, const http::Url& url, std::string form, std::string_view token_member,
                           const Asked& asked) {
  http::Request request;
  request.method = http::Method::post;
  request.url = url;
  request.headers.set("Accept", "application/json");
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = http::text_body(std::move(form));
  request.body_is_secret = true;
  request.repeatable = true;
  request.body_limit = largest_answer;
  if (asked.effort == Asked::Effort::brief) {
    request.probe = true;
    request.limit = seconds(10);
  }
  auto response = http.send(request);
  response.url = url;  // nothing is followed
  return read_token(response, token_member, asked);
}

FetchedToken read_token(const http::Response& response, std::string_view token_member, const Asked& asked) {
  if (response.status == 400 || response.status == 401 || response.status == 403) {
    throw refusal(response, told_error(response), asked);
  }
  const auto place = response.url.shown();
  if (!response.ok()) throw http::status_error(asked.action, asked.object, response, place);
  if (response.body.starts_with('<')) {
    throw Error(ErrorKind::protocol,
                {asked.action, asked.object, fmt::format("{} answers a page for people", place), asked.remedy});
  }
  const auto document = json::parse(response.body, "the answer of " + place);
  auto token = json::text_or(document, token_member);
  const bool is_token =
      !token.empty() && std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!is_token) {
    throw Error(ErrorKind::protocol, {asked.action, asked.object,
                                      fmt::format("the answer of {} has no {}", place, token_member), asked.remedy});
  }
  // RFC 6749, 5.1: without expires_in the lifetime is not known.
  constexpr std::int64_t assumed = 600;
  constexpr std::int64_t longest = 86'400;
  return {base::Secret(std::move(token)),
          seconds(std::clamp<std::int64_t>(lifetime_of(document).value_or(assumed), 0, longest))};
}

}  // namespace clouds
