#include "clouds/oauth.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;

namespace {

struct TokenServer {
  clouds::FetchedToken ask() {
    return clouds::request_token(http, *http::Url::parse("https://uaa.example/oauth/token"), "password=x", "id_token",
                                 {"get a token for", "ann", "check the password", clock.now()});
  }
  std::string failure() {
    return test::failure([&] { (void)ask(); });
  }
  test::ManualClock clock;
  test::ScriptedHttpClient http;
};

}  // namespace

TEST_CASE("a token server's answer is a token and its life") {
  TokenServer server;
  server.http.answer(200, {}, R"({"id_token":"abc","expires_in":300})");
  const auto fetched = server.ask();
  CHECK(fetched.token.reveal() == "abc");
  CHECK(fetched.lifetime == 300s);
  CHECK(server.http.seen[0].body == "password=x");
  server.http.answer(200, {}, R"({"id_token":"abc","expires_in":"3599"})");
  CHECK(server.ask().lifetime == 3599s);
  server.http.answer(200, {}, R"({"id_token":"abc","expires_in":"soon"})");
  CHECK(server.ask().lifetime == 600s);
}

TEST_CASE("a token server's refusal is told in its words") {
  TokenServer server;
  server.http.answer(401, {}, R"({"error":"unauthorized","error_description":"Bad credentials"})");
  CHECK(server.failure() == "cannot get a token for ann: unauthorized: Bad credentials; check the password");
  server.http.answer(401, {}, R"({"errors":[{"code":"UNAUTHORIZED","message":"no\u001b[31m"}]})");
  CHECK(server.failure() == "cannot get a token for ann: UNAUTHORIZED: no?[31m; check the password");
  server.http.answer(403, {}, "no");
  CHECK(server.failure() ==
        "cannot get a token for ann: https://uaa.example/oauth/token answers HTTP status 403; check the password");
}

TEST_CASE("an answer without a token is an error") {
  TokenServer server;
  server.http.answer(200, {}, R"({"access_token":"abc"})");
  CHECK(
      server.failure() ==
      "cannot get a token for ann: the answer of https://uaa.example/oauth/token has no id_token; check the password");
  server.http.answer(200, {}, R"({"id_token":"two words"})");
  CHECK(server.failure().find("has no id_token") != std::string::npos);
  server.http.answer(200, {}, "<html>");
  CHECK(server.failure().find("answers a page for people") != std::string::npos);
}

TEST_CASE("a refusal names a clock that is wrong") {
  TokenServer server;
  // The worker's is at 2026-01-01T00:00:00Z.
  server.http.answer(400, {{"Date", "Thu, 01 Jan 2026 00:12:05 GMT"}}, R"({"error":"invalid_grant"})");
  CHECK(server.failure() ==
        "cannot get a token for ann: invalid_grant; the worker's clock is 12 min 05 s behind that of uaa.example: set "
        "it");
  server.http.answer(400, {{"Date", "Wed, 31 Dec 2025 23:50:00 GMT"}}, R"({"error":"invalid_grant"})");
  CHECK(server.failure().find("10 min 00 s ahead of that of uaa.example: set it") != std::string::npos);
  server.http.answer(400, {{"Date", "Thu, 01 Jan 2026 00:04:00 GMT"}}, R"({"error":"invalid_grant"})");
  CHECK(server.failure() == "cannot get a token for ann: invalid_grant; check the password");
}

TEST_CASE("the parts of a form are percent-encoded") {
  std::string form;
  clouds::add_to_form(form, "a", "b c&d");
  clouds::add_to_form(form, "e", "+");
  CHECK(form == "a=b%20c%26d&e=%2B");
}
