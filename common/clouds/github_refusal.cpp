#include "clouds/github_refusal.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/letters.hpp"
#include "base/number.hpp"
#include "http/date.hpp"
#include "http/retrying.hpp"
#include "http/status.hpp"
#include "json/value.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::seconds;

constexpr std::size_t longest_words = 300;
constexpr seconds borne_skew(30);
// What is said where GitHub does not say how long: it counts by the hour, and by the minute beside that.
constexpr seconds usual_pause(60);

// The "message" of an answer; nothing where it is not one of the API.
std::optional<std::string> words_of(const http::Response& response) {
  try {
    const auto document = json::parse(response.body, "an answer");
    if (!document.is_object() || !document.contains("message")) return std::nullopt;
    return base::printable(json::text_or(document, "message"), longest_words);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool says(const std::string& words, std::string_view part) {
  return base::lowered(words).find(part) != std::string::npos;
}

std::optional<std::int64_t> number_in(const http::Response& response, std::string_view header) {
  return base::parse_whole<std::int64_t>(response.headers.get(header).value_or(""));
}

struct Answer {
  ErrorKind kind;
  std::string cause;
  std::string remedy;
};

std::string quoted(const std::string& words) { return words.empty() ? "" : fmt::format(" (\"{}\")", words); }

Answer not_accepted(const http::Response& response, const std::string& words, const GithubApp& app,
                    const GithubQuestion& question) {
  if (const auto behind = clock_behind(response, question.now)) {
    return {ErrorKind::denied, "GitHub does not accept the app's assertion" + quoted(words),
            http::clock_remedy(*behind, question.api.origin.host)};
  }
  return {ErrorKind::denied, "GitHub does not accept the app's assertion" + quoted(words),
          fmt::format("check that {0}.private_key is a key of the app {1}, and that it has not been deleted there",
                      app.named_by, app.id)};
}

Answer forbidden(const std::string& words, const GithubQuestion& question) {
  if (says(words, "suspended")) {
    return {ErrorKind::denied, fmt::format("the app's installation {} is suspended", question.installation_id),
            "have it unsuspended by an owner of " + question.repository.owner};
  }
  const auto* remedy = says(words, "ip allow list") ? "have the worker's address put on that list"
                                                    : "ask an owner of the organisation what it allows the app";
  return {ErrorKind::denied, "GitHub refuses it" + quoted(words), remedy};
}

Answer not_found(const std::string& words, const GithubApp& app, const GithubQuestion& question) {
  if (says(words, "integration not found")) {
    return {ErrorKind::denied, fmt::format("GitHub knows no app {}", app.id),
            fmt::format("check {}.app_id", app.named_by)};
  }
  if (question.of == GithubQuestion::Of::installation) {
    return {ErrorKind::not_found, fmt::format("the app {} is not installed on that repository", app.id),
            "install it there, or check the repository's address"};
  }
  return {ErrorKind::not_found, fmt::format("the app {} has no installation {}", app.id, question.installation_id),
          fmt::format("check {}.installation_id, or leave it out", app.named_by)};
}

Answer not_granted(const std::string& words, const GithubQuestion& question) {
  if (says(words, "permission")) {
    return {ErrorKind::denied, "the app may not read what repositories contain" + quoted(words),
            "give the app the repository permission Contents: Read-only, and have the installation accept it"};
  }
  return {
      ErrorKind::not_found,
      fmt::format("the app's installation {} does not have that repository{}", question.installation_id, quoted(words)),
      "add the repository to the installation, or check its address: one that was renamed counts by its new name"};
}

Answer too_many(const std::string& words, seconds pause, const GithubQuestion& question) {
  return {ErrorKind::transient, "GitHub takes no more requests of the app for now" + quoted(words),
          fmt::format("it takes them again at {}; ask less often, by check_every and a webhook",
                      base::rfc3339(question.now + pause))};
}

}  // namespace

std::string GithubQuestion::object() const { return fmt::format("{} from {}", repository.text(), api.shown()); }

std::optional<seconds> github_pause(const http::Response& response, base::WallTime now) {
  if (response.status != 403 && response.status != 429) return std::nullopt;
  if (const auto asked = response.headers.get("Retry-After")) {
    if (const auto pause = http::parse_retry_after(*asked, now)) return std::chrono::ceil<seconds>(*pause);
  }
  const auto left = number_in(response, "X-RateLimit-Remaining");
  const auto reset = number_in(response, "X-RateLimit-Reset");  // since 1970, by GitHub's clock
  if (left == 0 && reset) {
    constexpr seconds longest(24 * 3600);
    const auto since = std::chrono::duration_cast<seconds>(http::date_of(response).value_or(now).time_since_epoch());
    return std::clamp(seconds(*reset), since + seconds(1), since + longest) - since;
  }
  if (response.status == 429 || says(words_of(response).value_or(""), "rate limit")) return usual_pause;
  return std::nullopt;
}

std::optional<seconds> clock_behind(const http::Response& response, base::WallTime now) {
  return http::clock_behind(response, now, borne_skew);
}

Error github_refusal(const http::Response& response, const GithubApp& app, const GithubQuestion& question) {
  constexpr auto action = "get a token for";
  const auto words = words_of(response);
  const auto answer = [&]() -> std::optional<Answer> {
    if (const auto pause = github_pause(response, question.now)) return too_many(words.value_or(""), *pause, question);
    if (response.status >= 500) return std::nullopt;
    if (!words) {
      return Answer{ErrorKind::protocol,
                    fmt::format("HTTP status {}, and the answer is not one of GitHub's API", response.status),
                    fmt::format("check that {}.api is where the API of GitHub is", app.named_by)};
    }
    if (response.status == 401) return not_accepted(response, *words, app, question);
    if (response.status == 403) return forbidden(*words, question);
    if (response.status == 404) return not_found(*words, app, question);
    if (response.status == 422) return not_granted(*words, question);
    return std::nullopt;
  }();
  if (!answer) {
    const auto& host = question.api.origin.host;
    const bool is_cloud = host == "api.github.com" || host.ends_with(".ghe.com");
    const std::string remedy = response.status >= 500 && is_cloud ? "see https://www.githubstatus.com" : "";
    return http::status_error(action, question.object(), response, words.value_or(""), remedy);
  }
  return Error(answer->kind, {action, question.object(), answer->cause, answer->remedy}).answered(response.status);
}

}  // namespace clouds
