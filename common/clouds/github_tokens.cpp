#include "clouds/github_tokens.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/error.hpp"
#include "base/letters.hpp"
#include "base/rfc3339.hpp"
#include "http/authenticating.hpp"
#include "http/date.hpp"
#include "http/retrying.hpp"

namespace clouds {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::seconds;

constexpr std::size_t longest_token = 8192;
// GitHub says so; a token without a time is trusted for less.
constexpr seconds longest_lifetime(24 * 3600);
constexpr seconds assumed_lifetime(600);
constexpr seconds renewed_before_end(300);
// How long GitHub's machines may take to tell each other of a new token.
constexpr seconds spreading(5);
constexpr seconds longest_pause(120);
constexpr int most_attempts = 3;

std::string key_of(const GithubRepository& repository) { return base::lowered(repository.text()); }

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= longest_token &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

json::Value document_of(const http::Response& response, const GithubApp& app, const GithubQuestion& question) {
  const auto fail = [&](std::string cause) -> Error {
    return {ErrorKind::protocol,
            {"get a token for", question.object(), std::move(cause),
             fmt::format("check that {}.api is where the API of GitHub is", app.named_by)}};
  };
  if (response.body.starts_with('<')) throw fail("the answer is a page for people");
  try {
    return json::parse(response.body, "the answer of " + question.api.shown());
  } catch (const Error& error) {
    throw fail(error.report().cause);
  }
}

class GithubClient final : public http::Client {
 public:
  GithubClient(std::unique_ptr<http::Client> inner, http::Origin host, std::shared_ptr<GithubTokens> tokens)
      : inner_(std::move(inner)), host_(std::move(host)), tokens_(std::move(tokens)) {}

  http::Response send(const http::Request& request) override {
    const auto repository = github_repository_of(request.url.path);
    if (request.url.origin != host_ || request.headers.get("Authorization") || !repository) {
      return inner_->send(request);
    }
    auto token = had([&] { return tokens_->token(*repository); });
    if (!token) return inner_->send(request);
    // Bounded by how long a new token may take to spread, and by one renewal: what this request is refused for others
    // may be served with, and so hold each new token for a good one.
    for (bool is_renewed = false;;) {
      auto response = send_with(request, *token);
      if (response.status != 401) {
        tokens_->accepted(*repository, *token);
        return response;
      }
      auto next = had([&] { return tokens_->after_refusal(*repository, *token); });
      if (!next) return response;
      const bool is_other = *next != *token;
      if (is_other && is_renewed) return response;
      is_renewed = is_renewed || is_other;
      token = std::move(next);
    }
  }

 private:
  // The API has been asked as often as it makes sense: the request for the repository is not repeated for it.
  template <class Ask>
  static std::optional<base::Secret> had(const Ask& ask) {
    try {
      return ask();
    } catch (const Error& error) {
      throw http::Exhausted(error);
    }
  }

  http::Response send_with(const http::Request& request, const base::Secret& token) {
    http::Request authorized = request;
    authorized.headers.set("Authorization", http::basic_authorization({"x-access-token", token}));
    return inner_->send(authorized);
  }

  std::unique_ptr<http::Client> inner_;
  http::Origin host_;
  std::shared_ptr<GithubTokens> tokens_;
};

}  // namespace

GithubTokens::GithubTokens(GithubApp app, const http::Origin& host, GithubRepository own,
                           std::unique_ptr<http::Client> api, base::Log& log)
    : app_(std::move(app)),
      api_(app_.api.value_or(github_api_of(host))),
      own_(std::move(own)),
      client_(std::move(api)),
      log_(log) {
  log_.redact(app_.private_key);
  if (!app_.installation_id.empty()) installations_.emplace(base::lowered(own_.owner), app_.installation_id);
}

std::optional<base::Secret> GithubTokens::token(const GithubRepository& repository) {
  const std::lock_guard lock(mutex_);
  auto found = tokens_.find(key_of(repository));
  const bool is_good =
      found != tokens_.end() && (found->second.value.empty() || log_.clock().steady_now() < found->second.renew_at);
  if (!is_good) found = tokens_.insert_or_assign(key_of(repository), fetch(repository)).first;
  if (found->second.value.empty()) return std::nullopt;
  return found->second.value;
}

void GithubTokens::accepted(const GithubRepository& repository, const base::Secret& token) {
  const std::lock_guard lock(mutex_);
  const auto found = tokens_.find(key_of(repository));
  if (found != tokens_.end() && found->second.value == token) found->second.is_accepted = true;
}

std::optional<base::Secret> GithubTokens::after_refusal(const GithubRepository& repository, const base::Secret& token) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = tokens_.find(key_of(repository));
    if (found == tokens_.end() || found->second.value.empty()) return std::nullopt;
    auto& known = found->second;
    if (known.value != token) return known.value;  // another thread has renewed it
    if (known.is_accepted) {
      known = fetch(repository);
      return known.value.empty() ? std::nullopt : std::optional(known.value);
    }
    if (log_.clock().steady_now() - known.since >= spreading) return std::nullopt;
  }
  log_.clock().sleep(seconds(1));
  return token;
}

GithubTokens::Token GithubTokens::fetch(const GithubRepository& repository) {
  const auto start = log_.clock().steady_now();
  try {
    return ask_for_token(repository, installation_of(repository));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::not_found || is_same(repository, own_)) throw;
    log_.debug(
        fmt::format("{}: {}; it is read without a token", base::printable(repository.text()), error.report().cause));
    return {base::Secret(), start, start};
  }
}

GithubTokens::Token GithubTokens::ask_for_token(const GithubRepository& repository, const std::string& installation) {
  http::Request request;
  request.method = http::Method::post;
  request.url = api_;
  request.url.path += fmt::format("/app/installations/{}/access_tokens", installation);
  request.headers.set("Content-Type", "application/json");
  request.body = http::text_body(
      json::dump({{"repositories", json::Value::array({repository.name})}, {"permissions", {{"contents", "read"}}}}));
  request.repeatable = true;  // a token that nobody has received ends by itself
  const GithubQuestion question{GithubQuestion::Of::token, repository, installation, api_, {}};
  const auto response = ask(std::move(request), question);
  const auto document = document_of(response, app_, question);
  auto text = json::text_or(document, "token");
  if (!is_token(text)) {
    throw Error(ErrorKind::protocol, {"get a token for", question.object(), "the answer has no token",
                                      fmt::format("check that {}.api is where the API of GitHub is", app_.named_by)});
  }
  // Both times are GitHub's: the worker's clock does not count.
  const auto end = base::parse_rfc3339(json::text_or(document, "expires_at"));
  const auto begin = http::date_of(response).value_or(now());
  const auto lifetime = end ? std::clamp(seconds(*end - begin), seconds(0), longest_lifetime) : assumed_lifetime;
  Token token{base::Secret(std::move(text)), log_.clock().steady_now(), {}};
  token.renew_at = token.since + lifetime - std::min(renewed_before_end, lifetime / 4);
  log_.redact(token.value);
  log_.debug(fmt::format("the app {} may read {} for {}", app_.id, repository.text(), base::human_duration(lifetime)));
  return token;
}

std::string GithubTokens::installation_of(const GithubRepository& repository) {
  const auto owner = base::lowered(repository.owner);
  if (const auto known = installations_.find(owner); known != installations_.end()) return known->second;
  http::Request request;
  request.url = api_;
  request.url.path += fmt::format("/repos/{}/installation", repository.text());
  const GithubQuestion question{GithubQuestion::Of::installation, repository, "", api_, {}};
  const auto document = document_of(ask(std::move(request), question), app_, question);
  const auto* id = json::find(document, "id");
  if (id == nullptr || !id->is_number_unsigned()) {
    throw Error(ErrorKind::protocol, {"get a token for", question.object(), "the answer names no installation",
                                      fmt::format("give {}.installation_id", app_.named_by)});
  }
  return installations_.emplace(owner, std::to_string(id->get<std::uint64_t>())).first->second;
}

http::Response GithubTokens::ask(http::Request request, GithubQuestion question) {
  request.headers.set("Accept", "application/vnd.github+json");
  request.headers.set("X-GitHub-Api-Version", "2022-11-28");
  for (int attempt = 1;; ++attempt) {
    const auto assertion = github_assertion(app_, now());
    log_.redact(assertion);
    request.headers.set("Authorization", http::bearer_authorization(assertion));
    const auto response = [&] {
      try {
        return client_->send(request);
      } catch (const http::Unreachable& error) {
        throw Error(error.kind(),
                    {"get a token for", question.object(), error.report().cause,
                     fmt::format("check {}.api, and the worker's network, DNS and proxy settings", app_.named_by)});
      }
    }();
    if (response.ok()) return response;
    if (attempt < most_attempts && may_ask_again(response, attempt)) continue;
    question.now = now();
    throw github_refusal(response, app_, question);
  }
}

// After the time that GitHub asks for; by GitHub's own clock where the worker's is what it does not accept.
bool GithubTokens::may_ask_again(const http::Response& response, int attempt) {
  if (response.status == 401 && attempt == 1) {
    const auto behind = clouds::clock_behind(response, now());
    if (!behind) return false;
    log_.warning(http::clock_remedy(*behind, api_.origin.host));
    clock_behind_ += *behind;
    return true;
  }
  // 429 has been repeated already (http/retrying.hpp).
  const auto pause = response.status == 403 ? github_pause(response, now()) : std::nullopt;
  if (!pause || *pause > longest_pause) return false;
  log_.warning(fmt::format("{} takes no more requests of the app for now; asking again in {}", api_.origin.host,
                           base::human_duration(*pause)));
  log_.clock().sleep(*pause);
  return true;
}

base::WallTime GithubTokens::now() const { return log_.clock().now() + clock_behind_; }

std::unique_ptr<http::Client> make_github_authenticating(std::unique_ptr<http::Client> inner, http::Origin host,
                                                         std::shared_ptr<GithubTokens> tokens) {
  return std::make_unique<GithubClient>(std::move(inner), std::move(host), std::move(tokens));
}

}  // namespace clouds
