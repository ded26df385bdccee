#include "http/pacing.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>

#include "http/retrying.hpp"

namespace http {
namespace {

using base::SteadyTime;
using std::chrono::milliseconds;

constexpr std::chrono::minutes window{1};
constexpr double slowest_rate = 6;
// What a host let through before it refused is a little more than it allows in the long run; others may have used up
// most of it, so that it is not taken for less than this.
constexpr double after_first_refusal = 0.9;
constexpr double slowest_first_rate = 60;
constexpr double after_refusal = 0.7;
constexpr double after_quiet_minute = 1.1;
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
  PacingClient(std::unique_ptr<Client> inner, BoundOf bound, base::Clock& clock)
      : inner_(std::move(inner)), bound_(std::move(bound)), clock_(clock) {}

  Response send(const Request& request) override {
    if (!writes(request.method)) return inner_->send(request);
    await_turn(request);
    const auto began = clock_.steady_now();
    Response response = inner_->send(request);
    const std::lock_guard lock(mutex_);
    Pace& pace = pace_of(request.url.origin);
    if (response.status != 429) {
      pace.accepted(clock_.steady_now());
      return response;
    }
    std::optional<milliseconds> retry_after;
    if (const auto value = response.headers.get("Retry-After")) retry_after = parse_retry_after(*value, clock_.now());
    pace.refused(began, clock_.steady_now(), retry_after);
    return response;
  }

 private:
  void await_turn(const Request& request) {
    while (true) {
      const auto now = clock_.steady_now();
      SteadyTime turn;
      {
        const std::lock_guard lock(mutex_);
        turn = pace_of(request.url.origin).reserve(now);
      }
      if (turn <= now) return;
      base::sleep(clock_, std::chrono::ceil<milliseconds>(turn - now), request.cancellation.get());
      // The host may have asked everybody to pause meanwhile.
      const std::lock_guard lock(mutex_);
      if (!pace_of(request.url.origin).is_paused(clock_.steady_now())) return;
    }
  }

  Pace& pace_of(const Origin& origin) {
    const auto key = std::tie(origin.scheme, origin.host, origin.port);
    const auto found = paces_.find(key);
    if (found != paces_.end()) return found->second;
    return paces_.emplace(key, Pace(bound_(origin))).first->second;
  }

  std::unique_ptr<Client> inner_;
  BoundOf bound_;
  base::Clock& clock_;
  std::mutex mutex_;
  std::map<std::tuple<std::string, std::string, std::uint16_t>, Pace> paces_;
};

}  // namespace

SteadyTime Pace::reserve(SteadyTime now) {
  const auto start = std::max(now, paused_until_);
  if (!rate_) return start;
  const auto turn = std::max(start, next_);
  next_ = turn + interval(*rate_);
  return turn;
}

void Pace::forget_before(SteadyTime moment) {
  while (!taken_.empty() && (taken_.front() < moment || taken_.size() > most_remembered)) taken_.pop_front();
}

void Pace::accepted(SteadyTime now) {
  taken_.push_back(now);
  forget_before(now - window);
  if (!rate_ || now - last_refusal_ < window) return;
  const double faster = *rate_ * after_quiet_minute;
  rate_ = bound_ ? std::min(*bound_, faster) : faster;
  last_refusal_ = now;
}

void Pace::refused(SteadyTime began, SteadyTime now, std::optional<milliseconds> retry_after) {
  // A longer pause is nobody's to make: each writer is told so by an answer of its own, and gives up.
  if (retry_after && *retry_after > longest_pause) return;
  const auto until = now + retry_after.value_or(usual_pause);
  // Of the writes that were under way together each is refused, and all mean the same.
  const bool is_news = began >= last_refusal_ && now >= paused_until_;
  paused_until_ = std::max(paused_until_, until);
  if (!is_news) return;
  forget_before(now - window);
  if (rate_) {
    rate_ = std::max(slowest_rate, *rate_ * after_refusal);
  } else {
    rate_ = std::max(slowest_first_rate, static_cast<double>(taken_.size()) * after_first_refusal);
  }
  last_refusal_ = now;
  next_ = paused_until_;
}

std::unique_ptr<Client> make_pacing(std::unique_ptr<Client> inner, BoundOf bound, base::Clock& clock) {
  return std::make_unique<PacingClient>(std::move(inner), std::move(bound), clock);
}

}  // namespace http
