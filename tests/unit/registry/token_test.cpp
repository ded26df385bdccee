#include "registry/token.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace registry;

TEST_CASE("the challenge's scopes come first, and none twice") {
  CHECK(merge_scopes("repository:a:pull  repository:b:pull", {"repository:a:pull", "repository:a:pull,push"}) ==
        std::vector<std::string>{"repository:a:pull", "repository:b:pull", "repository:a:pull,push"});
  CHECK(merge_scopes("", {"x"}) == std::vector<std::string>{"x"});
}

TEST_CASE("a token is asked for by GET, with an identity token by POST") {
  const auto realm = *http::Url::parse("https://auth.example.com/token?kept=1");
  const auto get = token_request(realm, "the service", {"repository:a:pull", "repository:b:pull"},
                                 Credential{Credential::Kind::password, "user", base::Secret("pass")});
  CHECK(get.url.query == "kept=1&service=the%20service&scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull");
  CHECK(get.headers.get("Authorization") == "Basic dXNlcjpwYXNz");
  CHECK(!token_request(realm, "s", {}, std::nullopt).headers.get("Authorization"));
  const auto post = identity_token_request(realm, "s", {"a", "b"}, base::Secret("x&y"));
  std::string body(post.body->size(), '\0');
  CHECK(post.body->read(body.data(), body.size()) == body.size());
  CHECK(body == "grant_type=refresh_token&client_id=build-service&service=s&scope=a%20b&refresh_token=x%26y");
}

TEST_CASE("a token comes under either name and has a bounded life") {
  using namespace std::chrono_literals;
  CHECK(parse_token(R"({"token":"abc"})", "r").value.reveal() == "abc");
  CHECK(parse_token(R"({"token":"abc"})", "r").lifetime == 60s);
  CHECK(parse_token(R"({"access_token":"abc","expires_in":300})", "r").lifetime == 300s);
  CHECK(parse_token(R"({"token":"abc","expires_in":0})", "r").lifetime == 60s);
  CHECK(parse_token(R"({"token":"abc","expires_in":99999999999})", "r").lifetime == 24h);
  CHECK_THROWS_AS(parse_token("{}", "r"), base::Error);
  CHECK_THROWS_AS(parse_token(R"({"token":"a\r\nX-Evil: 1"})", "r"), base::Error);
  CHECK_THROWS_AS(parse_token("<html>", "r"), base::Error);
  CHECK(useful_life(60s) == 45s);
}

TEST_CASE("a token for more serves a request that needs less") {
  CHECK(covers({"repository:a:pull,push"}, {"repository:a:pull"}));
  CHECK(covers({"repository:a:pull", "repository:b:pull,push"}, {"repository:b:push"}));
  CHECK(covers({"registry:catalog:*"}, {"registry:catalog:*"}));
  CHECK_FALSE(covers({"repository:a:pull"}, {"repository:a:pull,push"}));
  CHECK_FALSE(covers({"repository:a:pull,push"}, {"repository:ab:pull"}));
  CHECK_FALSE(covers({"repository:a:pull"}, {"repository:a:pull", "repository:b:pull"}));
  CHECK_FALSE(covers({}, {"repository:a:pull"}));
}

TEST_CASE("an identity token travels in a body that is known to be a secret") {
  CHECK(identity_token_request(*http::Url::parse("https://auth.example.com/token"), "s", {}, base::Secret("x"))
            .body_is_secret);
}
