#include "http/redirecting.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/scripted_http_client.hpp"

namespace {

struct World {
  test::ScriptedHttpClient server;
  std::unique_ptr<http::Client> client = http::make_redirecting(std::make_unique<test::ForwardingClient>(server));
};

http::Request authorized(const std::string& url) {
  http::Request request;
  request.url = *http::Url::parse(url);
  request.headers.set("Authorization", "Basic c2VjcmV0");
  return request;
}

}  // namespace

TEST_CASE("credentials follow a redirect within the same origin only") {
  World world;
  world.server.answer(307, {{"Location", "/moved"}});
  world.server.answer(307, {{"Location", "https://storage.example/blob"}});
  world.server.answer(307, {{"Location", "https://r.example/back"}});
  world.server.answer(200);
  CHECK(world.client->send(authorized("https://r.example/blob")).status == 200);
  REQUIRE(world.server.seen.size() == 4);
  CHECK(world.server.seen[1].url == "https://r.example/moved");
  CHECK(world.server.seen[1].headers.get("authorization"));
  CHECK_FALSE(world.server.seen[2].headers.get("Authorization"));
  // What was dropped once does not come back.
  CHECK_FALSE(world.server.seen[3].headers.get("Authorization"));
}

TEST_CASE("another port of the same host is another origin") {
  World world;
  world.server.answer(302, {{"Location", "https://r.example:8443/blob"}});
  world.server.answer(200);
  static_cast<void>(world.client->send(authorized("https://r.example/blob")));
  CHECK_FALSE(world.server.seen[1].headers.get("Authorization"));
}

TEST_CASE("https is never left for http") {
  World world;
  world.server.answer(302, {{"Location", "http://r.example/blob"}});
  CHECK_THROWS_AS(world.client->send(authorized("https://r.example/blob")), base::Error);
  CHECK(world.server.seen.size() == 1);
}

TEST_CASE("a redirect that never ends is cut") {
  World world;
  for (int i = 0; i < 11; ++i) world.server.answer(302, {{"Location", "/again"}});
  CHECK_THROWS_AS(world.client->send(authorized("https://r.example/")), base::Error);
  CHECK(world.server.seen.size() == 11);
}

TEST_CASE("a redirect to another scheme than http(s) is refused") {
  World world;
  world.server.answer(302, {{"Location", "file:///etc/passwd"}});
  CHECK_THROWS_AS(world.client->send(authorized("https://r.example/")), base::Error);
}

TEST_CASE("307 sends the body again, 303 turns into GET") {
  World world;
  world.server.answer(307, {{"Location", "/a"}});
  world.server.answer(303, {{"Location", "/b"}});
  world.server.answer(200);
  auto request = authorized("https://r.example/");
  request.method = http::Method::post;
  request.body = http::text_body("hello");
  static_cast<void>(world.client->send(request));
  CHECK(world.server.seen[1].body == "hello");
  CHECK(world.server.seen[2].method == http::Method::get);
  CHECK(world.server.seen[2].body.empty());
}

namespace {

http::Request with_secret(const std::string& url) {
  auto request = authorized(url);
  request.method = http::Method::post;
  request.body = http::text_body("refresh_token=geheim");
  request.body_is_secret = true;
  return request;
}

}  // namespace

TEST_CASE("a body that holds a secret is not sent to another origin by any redirect") {
  for (const int status : {301, 302, 303, 307, 308}) {
    for (const auto* target : {"https://evil.example/token", "https://auth.example:8443/token"}) {
      World world;
      world.server.answer(status, {{"Location", target}});
      CHECK_THROWS_AS(world.client->send(with_secret("https://auth.example/token")), base::Error);
      CHECK(world.server.seen.size() == 1);
    }
  }
}

TEST_CASE("a body that holds a secret follows a redirect within its origin") {
  World world;
  world.server.answer(308, {{"Location", "/v2/token"}});
  world.server.answer(200);
  CHECK(world.client->send(with_secret("https://auth.example/token")).status == 200);
  CHECK(world.server.seen[1].body == "refresh_token=geheim");
}

TEST_CASE("whoever asks may refuse where a redirect leads to, before anything is sent there") {
  World world;
  world.server.answer(302, {{"Location", "/a"}});
  world.server.answer(302, {{"Location", "https://169.254.169.254/b"}});
  auto request = authorized("https://r.example/");
  std::vector<std::string> judged;
  request.judge_redirect = [&](const http::Url& target) {
    judged.push_back(target.text());
    if (target.origin.host != "r.example") throw base::Error(base::ErrorKind::protocol, {"follow", "", "no", ""});
  };
  CHECK_THROWS_AS(world.client->send(request), base::Error);
  CHECK(judged == std::vector<std::string>{"https://r.example/a", "https://169.254.169.254/b"});
  CHECK(world.server.seen.size() == 2);
}
