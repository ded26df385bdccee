#include "http/pacing.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;
using http::Pace;

namespace {

const base::SteadyTime start{};

// So many writes in a second, each taken, for a number of seconds.
void write(Pace& pace, int per_second, int seconds) {
  for (int second = 0; second < seconds; ++second) {
    for (int i = 0; i < per_second; ++i) pace.accepted(start + std::chrono::seconds(second));
  }
}

}  // namespace

TEST_CASE("a host that refuses nothing is written to at once") {
  Pace pace;
  for (int i = 0; i < 1000; ++i) CHECK(pace.reserve(start) == start);
  CHECK_FALSE(pace.rate());
}

TEST_CASE("writes within an operator's bound stand in a line") {
  Pace pace(120);
  CHECK(pace.reserve(start) == start);
  CHECK(pace.reserve(start) == start + 500ms);
  CHECK(pace.reserve(start) == start + 1000ms);
  CHECK(pace.reserve(start + 10s) == start + 10s);
}

TEST_CASE("after a refusal all pause as long as the host asks, and go on slower than before") {
  Pace pace;
  write(pace, 10, 20);
  pace.refused(start + 20s, start + 20s, 30s);
  CHECK(pace.rate() == 180);
  CHECK(pace.is_paused(start + 49s));
  CHECK(pace.reserve(start + 21s) == start + 50s);
  CHECK(pace.reserve(start + 21s) > start + 50s + 300ms);
  CHECK(pace.reserve(start + 21s) < start + 51s);
}

TEST_CASE("writes that were under way together are refused once") {
  Pace pace;
  write(pace, 10, 20);
  for (int i = 0; i < 8; ++i) pace.refused(start + 19s, start + 20s, 30s);
  CHECK(pace.rate() == 180);
  // Those that began before the pause and come back late mean it, too.
  pace.refused(start + 19s, start + 55s, 10s);
  CHECK(pace.rate() == 180);
  CHECK(pace.reserve(start + 56s) == start + 65s);
}

TEST_CASE("a refusal after the pause makes it slower yet, down to a bound, and a quiet minute faster again") {
  Pace pace;
  write(pace, 10, 20);
  pace.refused(start + 20s, start + 20s, 1s);
  pace.refused(start + 30s, start + 30s, std::nullopt);
  CHECK(*pace.rate() > 125.9);
  CHECK(*pace.rate() < 126.1);
  CHECK(pace.reserve(start + 30s) == start + 35s);
  for (int i = 4; i < 40; ++i) pace.refused(start + i * 10s, start + i * 10s, 1s);
  CHECK(pace.rate() == 6);
  pace.accepted(start + 400s);
  CHECK(pace.rate() == 6);
  pace.accepted(start + 460s);
  CHECK(pace.rate() > 6.5);
}

TEST_CASE("a bound that is given is never exceeded, and a quota that others used up is not taken for nothing") {
  Pace pace(10);
  pace.refused(start, start, 1s);
  for (int minute = 1; minute < 20; ++minute) pace.accepted(start + minute * 61s);
  CHECK(pace.rate() == 10);
  Pace shared;
  shared.refused(start, start, 1s);
  CHECK(shared.rate() == 60);
}

TEST_CASE("a host that asks for an hour holds nobody, since nobody waits so long") {
  Pace pace;
  // A pause that nobody waits for holds nobody: each writer gets the answer itself.
  pace.refused(start, start, 3600s);
  CHECK(pace.reserve(start) == start);
}

namespace {

struct World {
  http::Response send(http::Method method, const std::string& url) {
    http::Request request;
    request.method = method;
    request.url = *http::Url::parse(url);
    return client->send(request);
  }
  test::ManualClock clock;
  test::ScriptedHttpClient server;
  std::unique_ptr<http::Client> client = http::make_pacing(
      std::make_unique<test::ForwardingClient>(server), [](const http::Origin&) { return std::nullopt; }, clock);
};

}  // namespace

TEST_CASE("writes to the host that refused wait, reads and other hosts do not") {
  World world;
  world.server.answer(429, {{"Retry-After", "30"}});
  for (int i = 0; i < 4; ++i) world.server.answer(200);
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 429);
  CHECK(world.send(http::Method::get, "https://r.example/a").status == 200);
  CHECK(world.send(http::Method::put, "https://other.example/a").status == 200);
  CHECK(world.clock.sleeps.empty());
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 200);
  CHECK(world.clock.sleeps == std::vector{30'000ms});
  CHECK(world.send(http::Method::post, "https://r.example/a").status == 200);
  CHECK(world.clock.sleeps == std::vector{30'000ms, 1'000ms});
}
