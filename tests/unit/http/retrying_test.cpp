#include "http/retrying.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/fixed_random.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;

namespace {

struct World {
  test::ManualClock clock;
  test::FixedRandom random{0};
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  test::ScriptedHttpClient server;
  std::unique_ptr<http::Client> client =
      http::make_retrying(std::make_unique<test::ForwardingClient>(server), http::RetryPolicy{}, random, log);
};

http::Request request_to(const std::string& url, http::Method method = http::Method::get) {
  http::Request request;
  request.method = method;
  request.url = *http::Url::parse(url);
  return request;
}

}  // namespace

TEST_CASE("what a request needs and cannot have is not asked for again") {
  World world;
  world.server.fail(
      http::Exhausted(base::Error(base::ErrorKind::transient, {"get a token for", "acme/app", "no", ""})));
  CHECK_THROWS_AS((void)world.client->send(request_to("https://r.example/v2/")), http::Exhausted);
  CHECK(world.clock.sleeps.empty());
}

TEST_CASE("a 503 is asked again and Retry-After is a hard minimum") {
  World world;
  world.server.answer(503, {{"Retry-After", "7"}});
  world.server.answer(200);
  CHECK(world.client->send(request_to("https://r.example/v2/")).status == 200);
  CHECK(world.clock.sleeps == std::vector{7000ms});
  CHECK(world.text.str() == "warning: GET https://r.example/v2/: HTTP status 503; attempt 2 of 8 in 7.0 s\n");
}

TEST_CASE("a server that asks for too long a pause is not asked again") {
  World world;
  world.server.answer(429, {{"Retry-After", "86400"}});
  CHECK(world.client->send(request_to("https://r.example/v2/")).status == 429);
  CHECK(world.clock.sleeps.empty());
}

TEST_CASE("attempts are bounded and their pauses grow") {
  World world;
  for (int i = 0; i < 8; ++i) world.server.answer(502);
  CHECK(world.client->send(request_to("https://r.example/v2/")).status == 502);
  CHECK(world.clock.sleeps == std::vector{250ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 10'000ms});
  CHECK(world.server.seen.size() == 8);
}

TEST_CASE("a server's defect is told sooner than a restart is waited for, and a HEAD has another way") {
  World world;
  for (int i = 0; i < 5; ++i) world.server.answer(500);
  CHECK(world.client->send(request_to("https://r.example/v2/")).status == 500);
  CHECK(world.clock.sleeps.size() == 4);
  world.server.answer(500);
  CHECK(world.client->send(request_to("https://r.example/v2/", http::Method::head)).status == 500);
  CHECK(world.clock.sleeps.size() == 4);
}

TEST_CASE("attempts that take long are few, and what the server asked to wait does not count") {
  const http::RetryPolicy policy;
  test::FixedRandom random{0};
  CHECK(http::next_delay(policy, 3, std::nullopt, random, 300s));
  CHECK(http::next_delay(policy, 4, std::nullopt, random, 60s));
  CHECK_FALSE(http::next_delay(policy, 4, std::nullopt, random, 61s));
  World world;
  for (int i = 0; i < 4; ++i) world.server.answer(429, {{"Retry-After", "60"}});
  world.server.answer(200);
  CHECK(world.client->send(request_to("https://r.example/v2/")).status == 200);
}

TEST_CASE("a POST that changes something is not repeated after a broken connection") {
  World world;
  world.server.fail(base::Error(base::ErrorKind::transient, {"reach", "r.example", "connection reset", ""}));
  CHECK_THROWS_AS(world.client->send(request_to("https://r.example/x", http::Method::post)), base::Error);
  CHECK(world.server.seen.size() == 1);
}

TEST_CASE("a POST that only asks is repeated after a broken connection") {
  World world;
  world.server.fail(base::Error(base::ErrorKind::transient, {"reach", "r.example", "connection reset", ""}));
  world.server.answer(200);
  auto request = request_to("https://r.example/git-upload-pack", http::Method::post);
  request.repeatable = true;
  CHECK(world.client->send(request).status == 200);
}

TEST_CASE("a certificate that cannot be verified is final at once") {
  World world;
  world.server.fail(base::Error(base::ErrorKind::usage, {"reach", "r.example", "certificate", ""}));
  CHECK_THROWS_AS(world.client->send(request_to("https://r.example/")), base::Error);
  CHECK(world.clock.sleeps.empty());
}

TEST_CASE("Retry-After is read as seconds and as a date") {
  const base::WallTime now{std::chrono::seconds(1'767'225'600)};
  CHECK(http::parse_retry_after("120", now) == 120'000ms);
  CHECK(http::parse_retry_after("Thu, 01 Jan 2026 00:00:30 GMT", now) == 30'000ms);
  CHECK(http::parse_retry_after("Thu, 01 Jan 1998 00:00:30 GMT", now) == 0ms);
  CHECK_FALSE(http::parse_retry_after("soon", now));
}

TEST_CASE("a probe is sent once") {
  World world;
  world.server.answer(503, {{"Retry-After", "7"}});
  auto request = request_to("http://localhost:5000/v2/");
  request.probe = true;
  CHECK(world.client->send(request).status == 503);
  CHECK(world.clock.sleeps.empty());
}

namespace {

using Reason = http::Unreachable::Reason;
const http::Unreachable misspelt{{"reach", "r.example", "its name does not resolve", ""}, Reason::unknown_name};
const http::Unreachable refusing{{"reach", "r.example", "connection refused", ""}, Reason::refused};

}  // namespace

TEST_CASE("a name without an address gets four attempts within three seconds, whatever the method") {
  World world;
  for (int i = 0; i < 4; ++i) world.server.fail(misspelt);
  CHECK_THROWS_AS(world.client->send(request_to("https://r.example/x", http::Method::post)), http::Unreachable);
  CHECK(world.clock.sleeps == std::vector{200ms, 400ms, 800ms});
  CHECK(world.text.str().find("attempt 4 of 4") != std::string::npos);
}

TEST_CASE("a host that refuses connections restarts, and gets all the time there is, from the first request on") {
  World world;
  for (int i = 0; i < 7; ++i) world.server.fail(refusing);
  world.server.answer(200);
  CHECK(world.client->send(request_to("https://r.example/a", http::Method::post)).status == 200);
  CHECK(world.clock.sleeps == std::vector{250ms, 500ms, 1000ms, 2000ms, 4000ms, 8000ms, 10'000ms});
}

TEST_CASE("a name that had an address before loses it while its host restarts") {
  World world;
  world.server.answer(200);
  for (int i = 0; i < 4; ++i) world.server.fail(misspelt);
  world.server.answer(200);
  CHECK(world.client->send(request_to("https://r.example/a")).status == 200);
  CHECK(world.client->send(request_to("https://r.example/b")).status == 200);
  CHECK(world.clock.sleeps == std::vector{250ms, 500ms, 1000ms, 2000ms});
}

TEST_CASE("a sender that repeats by itself gets the pause and the answer, and at the end the answer alone") {
  World world;
  auto request = request_to("https://r.example/upload", http::Method::patch);
  request.attempt = 2;
  world.server.answer(503);
  auto response = world.client->send(request);
  CHECK(response.status == 503);
  CHECK(response.may_be_repeated);
  CHECK(world.clock.sleeps == std::vector{500ms});
  request.attempt = 8;
  world.server.answer(503);
  response = world.client->send(request);
  CHECK_FALSE(response.may_be_repeated);
  world.server.answer(429, {{"Retry-After", "86400"}});
  request.attempt = 1;
  CHECK_FALSE(world.client->send(request).may_be_repeated);
  CHECK(world.clock.sleeps.size() == 1);
}

TEST_CASE("a pause between attempts ends when the request is cancelled") {
  World world;
  auto request = request_to("https://r.example/v2/");
  const auto cancellation = std::make_shared<base::Cancellation>();
  request.cancellation = cancellation;
  world.server.answer(503, {{"Retry-After", "7"}});
  world.server.answer(200);
  CHECK(world.client->send(request).status == 200);
  CHECK(world.clock.sleeps.size() > 1);
  cancellation->request();
  world.server.answer(503);
  CHECK_THROWS_AS(world.client->send(request), base::Cancelled);
}
