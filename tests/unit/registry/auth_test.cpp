#include "registry/auth.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

using namespace registry;

namespace {

std::optional<Challenge> challenge(const std::string& value) {
  return find_challenge(http::Headers{{"WWW-Authenticate", value}});
}

std::string realm_error(const std::string& realm, const http::Origin& origin) {
  try {
    static_cast<void>(check_realm(realm, origin));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "";
}

const http::Origin https_origin{"https", "registry.example.com", 443};

}  // namespace

TEST_CASE("a bearer challenge has realm, service and scope") {
  const auto found = challenge(
      R"(Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push")");
  REQUIRE(found);
  CHECK(found->scheme == Challenge::Scheme::bearer);
  CHECK(found->realm == "https://auth.example.com/token");
  CHECK(found->service == "registry.example.com");
  CHECK(found->scope == "repository:a/b:pull,push");
}

TEST_CASE("challenges are found in any spelling and order") {
  CHECK(challenge(R"(basic REALM = "x")")->scheme == Challenge::Scheme::basic);
  CHECK(challenge(R"(Basic realm="x", Bearer realm="https://t", service=s)")->scheme == Challenge::Scheme::bearer);
  CHECK(challenge(R"(Bearer realm="https://t", Basic realm="x")")->scheme == Challenge::Scheme::bearer);
  CHECK(challenge(R"(Negotiate, Basic realm="a\"b")")->realm == "a\"b");
  CHECK(!challenge("Negotiate abcdef=="));
  CHECK(!challenge("Bearer"));
  CHECK(!challenge(""));
  CHECK(!challenge("Bearer realm=\""));
  const auto two = find_challenge(
      http::Headers{{"WWW-Authenticate", "Basic realm=x"}, {"www-authenticate", "Bearer realm=\"https://t\""}});
  CHECK(two->scheme == Challenge::Scheme::bearer);
}

TEST_CASE("a realm is encrypted and public, or the registry's own") {
  CHECK(check_realm("https://auth.example.com/token?a=b", https_origin).text() == "https://auth.example.com/token?a=b");
  CHECK(
      realm_error("http://auth.example.com/token", https_origin) ==
      "cannot log in to registry registry.example.com: the realm that it names, http://auth.example.com/token, is not "
      "encrypted");
  for (const auto* host : {"127.0.0.1", "localhost", "10.1.2.3", "169.254.169.254", "192.168.0.1", "172.20.0.1",
                           "[::1]", "[fd00::1]", "[fe80::1]", "[::ffff:10.0.0.1]", "2130706433", "0x7f.1", "127.1"}) {
    CHECK(!realm_error(std::string("https://") + host + "/token", https_origin).empty());
  }
  CHECK(realm_error("http://127.0.0.1:5001/token", {"http", "127.0.0.1", 5000}).empty());
  CHECK(realm_error("http://auth.example.com/token", {"http", "registry.example.com", 80}).empty());
  CHECK(!realm_error("ftp://x/", https_origin).empty());
  CHECK(!check_realm("https://user:secret@auth.example.com/", https_origin).credentials);
}

TEST_CASE("the challenge's scopes come first, and none twice") {
  CHECK(merge_scopes("repository:a:pull  repository:b:pull", {"repository:a:pull", "repository:a:pull,push"}) ==
        std::vector<std::string>{"repository:a:pull", "repository:b:pull", "repository:a:pull,push"});
  CHECK(merge_scopes("", {"x"}) == std::vector<std::string>{"x"});
}

TEST_CASE("a token is asked for by GET, with an identity token by POST") {
  const auto realm = *http::Url::parse("https://auth.example.com/token?kept=1");
  const auto get = token_request(realm, "the service", {"repository:a:pull", "repository:b:pull"},
                                 http::Credentials{"user", base::Secret("pass")});
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

TEST_CASE("a registry's words are shown, a proxy's page is not") {
  CHECK(error_detail(R"({"errors":[{"code":"DENIED","message":"no"}]})") == "DENIED: no");
  CHECK(error_detail(R"({"errors":[{"code":"DENIED"}]})") == "DENIED");
  CHECK(error_detail(R"({"errors":[{"code":"A","message":"line\nbreak \u001b[31m"}]})") == "A: line break ?[31m");
  CHECK(error_detail("<html>").empty());
  CHECK(error_detail("[]").empty());
}
