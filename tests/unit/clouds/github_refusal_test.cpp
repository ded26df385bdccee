#include "clouds/github_refusal.hpp"

#include <catch2/catch_test_macros.hpp>

using base::ErrorKind;
using clouds::GithubQuestion;

namespace {

const base::WallTime now{std::chrono::seconds(1'767'225'600)};  // 2026-01-01T00:00:00Z

struct Refusal {
  ErrorKind kind;
  std::string text;
};

Refusal refused(int status, const std::string& body, http::Headers headers = {},
                GithubQuestion::Of of = GithubQuestion::Of::token) {
  const clouds::GithubApp app{"12345", "678", {}, std::nullopt, "source.github_app"};
  http::Response response{status, std::move(headers), body, {}};
  if (!response.headers.get("Date")) response.headers.add("Date", "Thu, 01 Jan 2026 00:00:03 GMT");
  const auto error = clouds::github_refusal(
      response, app, {of, {"acme", "app"}, "678", *http::Url::parse("https://api.github.com"), now});
  CHECK(error.status() == status);
  const std::string begin = "cannot get a token for acme/app from https://api.github.com/: ";
  const std::string text = error.what();
  REQUIRE(text.starts_with(begin));
  return {error.kind(), text.substr(begin.size())};
}

std::string message(const std::string& words) { return json::dump({{"message", words}, {"documentation_url", "x"}}); }

void check(const Refusal& refusal, ErrorKind kind, const std::string& text) {
  CHECK(refusal.text == text);
  CHECK(refusal.kind == kind);
}

}  // namespace

TEST_CASE("each refusal of GitHub's says in one line what to do") {
  check(refused(401, message("A JSON web token could not be decoded")), ErrorKind::denied,
        "GitHub does not accept the app's assertion (\"A JSON web token could not be decoded\"); check that "
        "source.github_app.private_key is a key of the app 12345, and that it has not been deleted there");
  check(
      refused(401, message("'Expiration time' claim ('exp') is too far in the future"),
              {{"Date", "Wed, 31 Dec 2025 23:40:00 GMT"}}),
      ErrorKind::denied,
      "GitHub does not accept the app's assertion (\"'Expiration time' claim ('exp') is too far in the future\"); the "
      "worker's clock is 20 min 00 s ahead of that of api.github.com: set it");
  check(refused(404, message("Integration not found")), ErrorKind::denied,
        "GitHub knows no app 12345; check source.github_app.app_id");
  check(refused(404, message("Not Found")), ErrorKind::not_found,
        "the app 12345 has no installation 678; check source.github_app.installation_id, or leave it out");
  check(refused(404, message("Not Found"), {}, GithubQuestion::Of::installation), ErrorKind::not_found,
        "the app 12345 is not installed on that repository; install it there, or check the repository's address");
  check(refused(403, message("This installation has been suspended")), ErrorKind::denied,
        "the app's installation 678 is suspended; have it unsuspended by an owner of acme");
  check(refused(403,
                message("the `acme` organization has an IP allow list enabled, and your IP address is not permitted")),
        ErrorKind::denied,
        "GitHub refuses it (\"the `acme` organization has an IP allow list enabled, and your IP address is not "
        "permitted\"); have the worker's address put on that list");
  check(refused(403, message("SSO")), ErrorKind::denied,
        "GitHub refuses it (\"SSO\"); ask an owner of the organisation what it allows the app");
  check(
      refused(422, message("The permissions requested are not granted to this installation.")), ErrorKind::denied,
      "the app may not read what repositories contain (\"The permissions requested are not granted to this "
      "installation.\"); give the app the repository permission Contents: Read-only, and have the installation accept "
      "it");
  check(refused(422, message("There is at least one repository that does not exist or is not accessible")),
        ErrorKind::not_found,
        "the app's installation 678 does not have that repository (\"There is at least one repository that does not "
        "exist "
        "or is not accessible\"); add the repository to the installation, or check its address: one that was renamed "
        "counts by its new name");
}

TEST_CASE("what is not GitHub's API is told as that") {
  check(refused(404, "<html>not here</html>"), ErrorKind::protocol,
        "HTTP status 404, and the answer is not one of GitHub's API; check that source.github_app.api is where the API "
        "of "
        "GitHub is");
  check(refused(502, message("Server Error")), ErrorKind::transient,
        "HTTP status 502 Bad Gateway (Server Error); see https://www.githubstatus.com");
}

TEST_CASE("a limit of requests is told with its end") {
  const std::string words = "API rate limit exceeded for installation ID 678.";
  const std::string text =
      "GitHub takes no more requests of the app for now (\"" + words + "\"); it takes them again at ";
  const std::string remedy = "; ask less often, by check_every and a webhook";
  check(refused(403, message(words), {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "1767228003"}}),
        ErrorKind::transient, text + "2026-01-01T00:40:00Z" + remedy);
  check(refused(429, message(words), {{"Retry-After", "90"}}), ErrorKind::transient,
        text + "2026-01-01T00:01:30Z" + remedy);
  check(refused(403, message(words)), ErrorKind::transient, text + "2026-01-01T00:01:00Z" + remedy);
}

TEST_CASE("hostile words of a server stay on one line, and short") {
  const auto text = refused(403, message("no\n\x1b[31m" + std::string(9000, 'x'))).text;
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.size() < 600);
  CHECK(refused(403, message("limit"), {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "9000000000000000"}})
            .text.find("again at 2026-01-02T00:00:00Z") != std::string::npos);
  CHECK(refused(403, message("limit"), {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", "-9223372036854775808"}})
            .text.find("again at 2026-01-01T00:00:01Z") != std::string::npos);
}
