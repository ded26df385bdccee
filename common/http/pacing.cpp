#include "http/pacing.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <tuple>

#include "http/retrying.hpp"

namespace http {
namespace {

using base::SteadyTime;
using std::chrono::milliseconds;

// What registries count writes by.
constexpr std::chrono::minutes window{1};
// What refuses now and then, whatever the pace, would else be written to ever more slowly.
constexpr double slowest_share = 0.25;
// Below what was seen, for writes that a busy machine or a network holds back and lets through together.
constexpr double margin = 0.96;
// Others may have used up most of what the host allows, so that it is not taken for less than this.
constexpr double slowest_first_rate = 60;
constexpr double after_refusal = 0.8;
constexpr double after_quiet_time = 1.1;
constexpr double after_quiet_guess = 1.5;
constexpr std::chrono::minutes quiet_lowered{1};
constexpr std::chrono::minutes quiet_measured{30};
// A bound that was met in less time than this may be one on bursts.
constexpr std::chrono::seconds shortest_measure{2};
constexpr milliseconds shortest_burst{100};
constexpr int enough_to_contradict = 5;
// A first refusal of so few writes in a minute tells no pace: they wait as long as they are asked to, and go on.
constexpr std::size_t fewest_to_learn_from = 20;
// A pause that is shorter says nothing of a window.
constexpr milliseconds shortest_window_left{2'000};
// Hosts round the seconds of Retry-After up or down.
constexpr milliseconds rounding{1'000};
constexpr milliseconds usual_pause{5'000};
constexpr milliseconds longest_pause = RetryPolicy{}.longest_retry_after;
// Beyond this many in a minute no host's bound is met.
constexpr std::size_t most_remembered = 20'000;

SteadyTime::duration interval(double rate) {
  return std::chrono::duration_cast<SteadyTime::duration>(std::chrono::duration<double>(60.0 / rate));
}

bool writes(Method method) { return method != Method::get && method != Method::head; }

class PacingClient final : public Client {
 public:
  PacingClient(std::unique_ptr<Client> inner, BoundOf bound, base::Log& log)
      : inner_(std::move(inner)), bound_(std::move(bound)), log_(log), clock_(log.clock()) {}

  Response send(const Request& request) override {
    const bool counts = writes(request.method);
    if (request.turn == Request::Turn::ahead || (counts && request.turn == Request::Turn::by_method)) {
      await_turn(request);
    }
    if (!counts) return inner_->send(request);
    const auto began = clock_.steady_now();
    Response response = inner_->send(request);
    note(request.url.origin, began, response);
    return response;
  }

 private:
  void await_turn(const Request& request) {
    while (true) {
      const auto now = clock_.steady_now();
      SteadyTime turn;
      bool has_place = false;
      {
        const std::lock_guard lock(mutex_);
        Pace& pace = pace_of(request.url.origin);
        // What the host allows is known when the pause is over: only then places in the line are taken.
        if (pace.is_paused(now)) {
          turn = pace.paused_until();
        } else {
          turn = pace.reserve(now);
          has_place = true;
        }
      }
      if (turn <= now) return;
      base::sleep(clock_, std::chrono::ceil<milliseconds>(turn - now), request.cancellation.get());
      if (!has_place) continue;
      // The host may have asked everybody to pause meanwhile.
      const std::lock_guard lock(mutex_);
      if (!pace_of(request.url.origin).is_paused(clock_.steady_now())) return;
    }
  }

  void note(const Origin& origin, SteadyTime began, Response& response) {
    const auto now = clock_.steady_now();
    std::string line;
    {
      const std::lock_guard lock(mutex_);
      Pace& pace = pace_of(origin);
      if (response.status != 429) return pace.accepted(began, now);
      std::optional<milliseconds> retry_after;
      if (const auto value = response.headers.get("Retry-After")) retry_after = parse_retry_after(*value, clock_.now());
      const bool is_news = pace.refused(began, now, retry_after);
      if (!pace.is_paused(now)) return;
      response.pause_is_said = true;
      if (!is_news) return;
      line = fmt::format("{} takes no more writes for now (429): all wait {}, then go on{}", origin.host,
                         base::human_duration(std::chrono::ceil<milliseconds>(pace.paused_until() - now)),
                         pace.rate() ? fmt::format(" at {:.0f} a minute", *pace.rate()) : "");
    }
    log_.warning(line);
  }

  Pace& pace_of(const Origin& origin) {
    const auto key = std::tie(origin.scheme, origin.host, origin.port);
    const auto found = paces_.find(key);
    if (found != paces_.end()) return found->second;
    return paces_.emplace(key, Pace(bound_(origin))).first->second;
  }

  std::unique_ptr<Client> inner_;
  BoundOf bound_;
  base::Log& log_;
  base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::uint16_t>, Pace> paces_;
};

}  // namespace

SteadyTime Pace::reserve(SteadyTime now) {
  settle(now);
  const auto start = std::max(now, paused_until_);
  if (!now_.rate) return start;
  const auto turn = std::max(start, next_);
  next_ = turn + interval(*now_.rate);
  return turn;
}

void Pace::forget_before(SteadyTime moment) {
  while (!taken_.empty() && (taken_.front() < moment || taken_.size() > most_remembered)) taken_.pop_front();
}

void Pace::accepted(SteadyTime began, SteadyTime now) {
  taken_.push_back(now);
  forget_before(now - window);
  if (suspicion_ && began > suspicion_->began && began <= last_refusal_) ++suspicion_->taken;
  if (!now_.rate) return;
  // It was under way when others were refused: the host had counted it before them.
  if (now_.knowledge != Knowledge::lowered && now_.held == 0 && now_.seen > 0 && began <= last_refusal_) {
    ++now_.seen;
    set_measured_rate();
  }
  try_more(now);
}

// A bound refuses what comes after it, too: where most of that was taken, it was a fault, and nothing is learned.
void Pace::settle(SteadyTime now) {
  if (!suspicion_ || now < paused_until_) return;
  if (suspicion_->taken >= enough_to_contradict && suspicion_->taken > 2 * suspicion_->refused) {
    now_ = suspicion_->before;
    next_ = {};
  }
  suspicion_.reset();
}

void Pace::try_more(SteadyTime now) {
  const auto quiet = [&]() -> SteadyTime::duration {
    switch (now_.knowledge) {
      case Knowledge::guessed:
        return now_.patience;
      case Knowledge::lowered:
        return quiet_lowered;
      case Knowledge::measured:
        return quiet_measured;
    }
    return quiet_measured;
  }();
  if (now - std::max(last_change_, paused_until_) < quiet) return;
  now_.held = *now_.rate;
  const double faster = *now_.rate * (now_.knowledge == Knowledge::guessed ? after_quiet_guess : after_quiet_time);
  now_.rate = bound_ ? std::min(*bound_, faster) : faster;
  last_change_ = now;
}

bool Pace::refused(SteadyTime began, SteadyTime now, std::optional<milliseconds> retry_after) {
  // A longer pause is nobody's to make: each writer is told so by an answer of its own, and gives up. "At once" is not
  // a quota.
  if (retry_after && (*retry_after > longest_pause || *retry_after == milliseconds(0))) return false;
  const auto until = now + (retry_after ? *retry_after + rounding : usual_pause);
  const bool is_news = began >= last_refusal_ && now >= paused_until_;
  paused_until_ = std::max(paused_until_, until);
  if (!is_news) {
    if (suspicion_) ++suspicion_->refused;
    return false;
  }
  settle(now);
  forget_before(now - window);
  if (!now_.rate && !was_refused_ && taken_.size() < fewest_to_learn_from) {
    was_refused_ = true;
    last_refusal_ = now;
    return true;
  }
  suspicion_ = Suspicion{began, now_};
  if (now_.rate) {
    lower();
  } else {
    measure(now, retry_after);
    now_.slowest = *now_.rate * slowest_share;
  }
  last_refusal_ = now;
  last_change_ = now;
  next_ = paused_until_;
  return true;
}

// A window that ends when Retry-After is over began a minute before that: what the host took since is what it allows.
// Else there is a store of a minute's writes that fills up all the time: it was used up, and what came in meanwhile.
void Pace::measure(SteadyTime now, std::optional<milliseconds> retry_after) {
  const auto all = static_cast<double>(taken_.size());
  const auto time = taken_.empty() ? SteadyTime::duration{} : now - taken_.front();
  now_.seen = all;
  now_.minutes = 1 + std::chrono::duration<double>(time) / window;
  bool says_something = time >= shortest_measure;
  if (retry_after && *retry_after >= shortest_window_left) {
    const auto length = std::max<SteadyTime::duration>(window, *retry_after);
    auto start = now + *retry_after - length;
    // Its seconds are rounded up: where all began within the last of them, the window began with the first write.
    if (!taken_.empty() && taken_.front() > start - rounding) start = taken_.front();
    const auto inside = std::count_if(taken_.begin(), taken_.end(), [&](auto moment) { return moment >= start; });
    // Two windows at the most lie in a minute, and each of them takes the same: less is not a window's.
    if (2 * inside >= std::ssize(taken_)) {
      now_.seen = static_cast<double>(inside);
      now_.minutes = std::chrono::duration<double>(length) / window;
      says_something = true;
    }
  }
  now_.knowledge = says_something ? Knowledge::measured : Knowledge::guessed;
  set_measured_rate();
  // So few in so short a time are a bound on bursts: half of that speed is a guess as good as any.
  if (!says_something && all < slowest_first_rate) {
    const auto minutes = std::chrono::duration<double>(std::max<SteadyTime::duration>(time, shortest_burst)) / window;
    now_.rate = std::max(slowest_first_rate, all / minutes / 2);
    now_.seen = 0;
  }
}

void Pace::set_measured_rate() {
  const double measured = now_.seen / now_.minutes * margin;
  if (measured < slowest_first_rate) now_.knowledge = Knowledge::guessed;
  now_.rate = std::max(slowest_first_rate, measured);
}

void Pace::lower() {
  // Trying for more was too much: what held before holds.
  const double lower = now_.held > 0 ? now_.held * margin : *now_.rate * after_refusal;
  if (now_.knowledge == Knowledge::guessed) {
    now_.patience *= 2;  // until the next trial
  } else {
    now_.knowledge = Knowledge::lowered;
  }
  now_.rate = std::max(now_.slowest, lower);
  now_.held = 0;
  now_.seen = 0;
}

std::unique_ptr<Client> make_pacing(std::unique_ptr<Client> inner, BoundOf bound, base::Log& log) {
  return std::make_unique<PacingClient>(std::move(inner), std::move(bound), log);
}

}  // namespace http
