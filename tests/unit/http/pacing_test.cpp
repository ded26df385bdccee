#include "http/pacing.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <deque>
#include <functional>
#include <queue>
#include <sstream>

#include "support/manual_clock.hpp"
#include "support/scripted_http_client.hpp"

using namespace std::chrono_literals;
using http::Pace;

namespace {

const base::SteadyTime start{};

// So many writes in a second, each taken, for a number of seconds.
void write(Pace& pace, int per_second, int seconds) {
  for (int second = 0; second < seconds; ++second) {
    for (int i = 0; i < per_second; ++i) pace.accepted(start + second * 1s, start + second * 1s);
  }
}

bool is_about(std::optional<double> rate, double wanted) { return rate && *rate > wanted - 1 && *rate < wanted + 1; }

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

TEST_CASE("after a refusal all pause as long as the host asks, and go on at what its window allows") {
  Pace pace;
  write(pace, 10, 20);
  CHECK(pace.refused(start + 20s, start + 20s, 40s));
  CHECK(is_about(pace.rate(), 192));
  CHECK(pace.is_paused(start + 60s));
  CHECK(pace.reserve(start + 21s) == start + 61s);
  CHECK(pace.reserve(start + 21s) > start + 61s + 300ms);
  CHECK(pace.reserve(start + 21s) < start + 62s);
}

TEST_CASE("writes of the window before do not count") {
  Pace pace;
  write(pace, 10, 20);
  // It ends in 50 s: it began ten seconds ago.
  CHECK(pace.refused(start + 20s, start + 20s, 50s));
  CHECK(is_about(pace.rate(), 96));
}

TEST_CASE("a host that asks for a second has a store of a minute's writes, which fills up meanwhile") {
  Pace pace;
  write(pace, 100, 20);
  CHECK(pace.refused(start + 20s, start + 20s, 1s));
  CHECK(is_about(pace.rate(), 2000.0 / (1 + 20.0 / 60) * 0.96));
}

TEST_CASE("a refusal that later writes contradict was a fault, and teaches nothing") {
  Pace pace;
  write(pace, 100, 10);
  CHECK(pace.refused(start + 9s, start + 10s, 1s));
  for (int i = 1; i <= 8; ++i) pace.accepted(start + 9s + i * 10ms, start + 10s + i * 10ms);
  CHECK(pace.reserve(start + 12s) == start + 12s);
  CHECK_FALSE(pace.rate());
  // Where as many are refused it is a bound.
  CHECK(pace.refused(start + 20s, start + 21s, 1s));
  for (int i = 1; i <= 4; ++i) pace.accepted(start + 20s + i * 10ms, start + 21s + i * 10ms);
  for (int i = 1; i <= 4; ++i) CHECK_FALSE(pace.refused(start + 20s + i * 20ms, start + 21s + i * 20ms, 1s));
  CHECK(pace.reserve(start + 24s) == start + 24s);
  CHECK(pace.rate());
}

TEST_CASE("a few writes that are too many are a bound on bursts: half of their speed is tried") {
  Pace pace;
  for (int i = 0; i < 20; ++i) pace.accepted(start + i * 50ms, start + i * 50ms);
  CHECK(pace.refused(start + 1s, start + 1s, 1s));
  CHECK(is_about(pace.rate(), 600));
}

TEST_CASE("writes that were under way together are refused once, and those that were taken count") {
  Pace pace;
  write(pace, 10, 20);
  CHECK(pace.refused(start + 19s, start + 20s, 40s));
  for (int i = 0; i < 8; ++i) CHECK_FALSE(pace.refused(start + 19s, start + 20s, 40s));
  CHECK(is_about(pace.rate(), 192));
  for (int i = 0; i < 25; ++i) pace.accepted(start + 19s, start + 20s + 10ms);
  CHECK(is_about(pace.rate(), 216));
  // Those that began before the pause and come back late mean it, too.
  CHECK_FALSE(pace.refused(start + 19s, start + 62s, 10s));
  CHECK(is_about(pace.rate(), 216));
  CHECK(pace.reserve(start + 63s) == start + 73s);
}

TEST_CASE("a refusal at the measured rate makes it slower, down to a quarter, and a quiet minute faster again") {
  Pace pace;
  write(pace, 10, 20);
  CHECK(pace.refused(start + 20s, start + 20s, 40s));
  CHECK(pace.refused(start + 70s, start + 70s, std::nullopt));
  CHECK(is_about(pace.rate(), 153.6));
  CHECK(pace.reserve(start + 70s) == start + 75s);
  for (int i = 8; i < 80; ++i) CHECK(pace.refused(start + i * 10s, start + i * 10s, 1s));
  CHECK(is_about(pace.rate(), 48));
  pace.accepted(start + 800s, start + 800s);
  CHECK(is_about(pace.rate(), 48));
  pace.accepted(start + 860s, start + 860s);
  CHECK(is_about(pace.rate(), 52.8));
}

TEST_CASE(
    "what was measured holds for half an hour, a guess for seconds, and what held before a trial holds after it") {
  Pace measured;
  write(measured, 10, 20);
  CHECK(measured.refused(start + 20s, start + 20s, 40s));
  measured.accepted(start + 1800s, start + 1800s);
  CHECK(is_about(measured.rate(), 192));
  measured.accepted(start + 1900s, start + 1900s);
  CHECK(is_about(measured.rate(), 211.2));
  Pace guessed;
  write(guessed, 100, 1);
  CHECK(guessed.refused(start + 1s, start + 1s, 1s));
  const auto first = *guessed.rate();
  guessed.accepted(start + 9s, start + 9s);
  CHECK(is_about(guessed.rate(), first * 1.5));
  CHECK(guessed.refused(start + 10s, start + 10s, 1s));
  CHECK(is_about(guessed.rate(), first * 0.96));
  guessed.accepted(start + 20s, start + 20s);
  CHECK(is_about(guessed.rate(), first * 0.96));
  guessed.accepted(start + 23s, start + 23s);
  CHECK(is_about(guessed.rate(), first * 0.96 * 1.5));
}

TEST_CASE("a bound that is given is never exceeded, and a quota that others used up is not taken for nothing") {
  Pace pace(10);
  CHECK(pace.refused(start, start, 1s));
  for (int minute = 1; minute < 20; ++minute) pace.accepted(start + minute * 61s, start + minute * 61s);
  CHECK(pace.rate() == 10);
  Pace shared;
  CHECK(shared.refused(start, start, 1s));
  CHECK(shared.refused(start + 3s, start + 3s, 1s));
  CHECK(shared.rate() == 60);
}

TEST_CASE("one refusal of a few writes is waited for, and teaches no pace") {
  Pace pace;
  for (int i = 0; i < 19; ++i) pace.accepted(start + i * 50ms, start + i * 50ms);
  CHECK(pace.refused(start + 1s, start + 1s, 3s));
  CHECK(pace.is_paused(start + 4s));
  CHECK_FALSE(pace.rate());
  CHECK(pace.reserve(start + 6s) == start + 6s);
}

TEST_CASE("a host that asks for an hour holds nobody, since nobody waits so long") {
  Pace pace;
  // Nor one that lets come again at once.
  CHECK_FALSE(pace.refused(start, start, 0s));
  CHECK_FALSE(pace.rate());
  // A pause that nobody waits for holds nobody: each writer gets the answer itself.
  CHECK_FALSE(pace.refused(start, start, 3600s));
  CHECK(pace.reserve(start) == start);
}

namespace {

// A registry that takes so many writes a minute, counted in one of the ways that they are; nothing: it took the write.
struct Quota {
  enum class Shape { own_window, clock_window, sliding_window, bucket };
  Shape shape;
  double writes = 2000;
  double offset = 0;                        // how far into the clock's minute the put starts, in seconds
  double others = 0;                        // writes a minute of other clients from the same address
  std::function<double(double)> said = {};  // how a server rounds what is left; none: up to whole seconds
  std::optional<std::chrono::milliseconds> refuse(base::SteadyTime moment) {
    const double now = std::chrono::duration<double>(moment - start).count();
    const auto left = [&](double seconds) {
      return std::chrono::milliseconds(static_cast<int>(1000 * (said ? said(seconds) : std::ceil(seconds))));
    };
    if (shape == Shape::bucket) {
      if (!began) level = writes;
      level = std::min(writes, level + (now - last) * (writes - others) / 60);
      last = now;
      began = true;
      if (level < 1) return left((1 - level) * 60 / (writes - others));
      level -= 1;
      return std::nullopt;
    }
    if (shape == Shape::sliding_window) {
      while (!taken.empty() && taken.front() <= now - 60) taken.pop_front();
      if (static_cast<double>(taken.size()) >= writes - others) return left(taken.front() + 60 - now);
      taken.push_back(now);
      return std::nullopt;
    }
    if (shape == Shape::own_window && !began) offset = -now;
    began = true;
    const double window = std::floor((now + offset) / 60);
    if (window != last) count = 0;
    last = window;
    if (count >= writes - others) return left((window + 1) * 60 - offset - now);
    ++count;
    return std::nullopt;
  }
  bool began = false;
  double level = 0;
  double last = 0;
  double count = 0;
  std::deque<double> taken{};
};

struct Run {
  double minutes = 0;
  int later_refusals = 0;  // of writes that were sent when the first refusal was known
};

// 32 writers of one host, each answer after 100 ms, in a time of their own.
Run play(Quota quota, int writes) {
  struct Writer {
    base::SteadyTime at;
    bool has_turn = false;
    bool operator>(const Writer& other) const { return at > other.at; }
  };
  std::priority_queue<Writer, std::vector<Writer>, std::greater<>> writers;
  for (int i = 0; i < 32; ++i) writers.push({start + i * 1ms});
  Pace pace;
  Run result;
  std::optional<base::SteadyTime> first_refusal;
  std::deque<std::pair<base::SteadyTime, std::optional<std::chrono::milliseconds>>> answers;  // by when they were sent
  const auto hear = [&](base::SteadyTime until) {
    for (; !answers.empty() && answers.front().first + 100ms <= until; answers.pop_front()) {
      const auto [sent, refused] = answers.front();
      if (!refused) {
        pace.accepted(sent, sent + 100ms);
        continue;
      }
      if (first_refusal && sent > *first_refusal) ++result.later_refusals;
      if (!first_refusal) first_refusal = sent + 100ms;
      static_cast<void>(pace.refused(sent, sent + 100ms, *refused));
    }
  };
  base::SteadyTime end = start;
  while (writes > 0) {
    auto writer = writers.top();
    writers.pop();
    hear(writer.at);
    if (!std::exchange(writer.has_turn, false) || pace.is_paused(writer.at)) {
      writer.at = pace.reserve(writer.at);
      writer.has_turn = true;
      writers.push(writer);
      continue;
    }
    writer.has_turn = false;
    const auto refused = quota.refuse(writer.at + 50ms);
    answers.emplace_back(writer.at, refused);
    if (!refused) --writes;
    end = writer.at;
    writer.at += 100ms + refused.value_or(0ms);
    writers.push(writer);
  }
  result.minutes = std::chrono::duration<double>(end - start).count() / 60;
  return result;
}

}  // namespace

TEST_CASE("a quota of 2,000 writes a minute is used within 1.1 of its time, and refuses once, however it counts") {
  using Shape = Quota::Shape;
  const auto down = [](double seconds) { return std::floor(seconds); };
  const auto exactly = [](double seconds) { return std::max(0.001, seconds); };
  std::vector<Quota> quotas{{Shape::own_window},
                            {Shape::own_window, 2000, 0, 0, down},
                            {Shape::sliding_window},
                            {Shape::sliding_window, 2000, 0, 0, down},
                            {Shape::bucket},
                            {Shape::bucket, 2000, 0, 0, exactly},
                            {Shape::own_window, 2000, 0, 500},
                            {Shape::clock_window, 500}};
  for (const double offset : {0.0, 10.0, 20.0, 40.0, 55.0, 57.0}) quotas.push_back({Shape::clock_window, 2000, offset});
  for (std::size_t i = 0; i < quotas.size(); ++i) {
    CAPTURE(i, quotas[i].offset);
    const auto run = play(quotas[i], 9000);
    CHECK(run.later_refusals == 0);
    CHECK(run.minutes <= 1.1 * 9000 / (quotas[i].writes - quotas[i].others));
  }
}

TEST_CASE("a store that others draw from, too, refuses a few times, and is used all the same") {
  const auto run = play({Quota::Shape::bucket, 2000, 0, 500}, 9000);
  CHECK(run.later_refusals < 20);
  CHECK(run.minutes <= 1.1 * 9000 / 1500);
}

namespace {

struct World {
  http::Response send(http::Method method, const std::string& url,
                      http::Request::Turn turn = http::Request::Turn::by_method) {
    http::Request request;
    request.method = method;
    request.url = *http::Url::parse(url);
    request.turn = turn;
    return client->send(request);
  }
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  test::ScriptedHttpClient server;
  std::unique_ptr<http::Client> client = http::make_pacing(
      std::make_unique<test::ForwardingClient>(server), [](const http::Origin&) { return std::nullopt; }, log);
};

}  // namespace

TEST_CASE("writes to the host that refused wait, reads and other hosts do not") {
  World world;
  world.server.answer(429, {{"Retry-After", "30"}});
  for (int i = 0; i < 4; ++i) world.server.answer(200);
  world.server.answer(429, {{"Retry-After", "30"}});
  for (int i = 0; i < 2; ++i) world.server.answer(200);
  const auto refused = world.send(http::Method::put, "https://r.example/a");
  CHECK(refused.status == 429);
  CHECK(refused.pause_is_said);
  CHECK(world.text.str().find("r.example takes no more writes for now (429): all wait 31.0 s, then go on\n") !=
        std::string::npos);
  CHECK(world.send(http::Method::get, "https://r.example/a").status == 200);
  CHECK(world.send(http::Method::put, "https://other.example/a").status == 200);
  CHECK(world.clock.sleeps.empty());
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 200);
  CHECK(world.clock.sleeps == std::vector{31'000ms});
  CHECK(world.send(http::Method::post, "https://r.example/a").status == 200);
  CHECK(world.clock.sleeps == std::vector{31'000ms});
  // A second time it is a bound.
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 429);
  CHECK(world.text.str().find("all wait 31.0 s, then go on at 60 a minute") != std::string::npos);
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 200);
  CHECK(world.send(http::Method::put, "https://r.example/a").status == 200);
  CHECK(world.clock.sleeps == std::vector{31'000ms, 31'000ms, 1'000ms});
}

TEST_CASE("a question may take the turn of the write that follows it") {
  World world;
  for (int i = 0; i < 2; ++i) world.server.answer(429, {{"Retry-After", "30"}});
  for (int i = 0; i < 3; ++i) world.server.answer(200);
  for (int i = 0; i < 2; ++i) world.send(http::Method::put, "https://r.example/a");
  world.send(http::Method::head, "https://r.example/a", http::Request::Turn::ahead);
  CHECK(world.clock.sleeps == std::vector{31'000ms, 31'000ms});
  world.send(http::Method::put, "https://r.example/a", http::Request::Turn::had);
  CHECK(world.clock.sleeps.size() == 2);
  world.send(http::Method::put, "https://r.example/a");
  CHECK(world.clock.sleeps == std::vector{31'000ms, 31'000ms, 1'000ms});
}
