#include "http/retrying.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

#include "base/error.hpp"
#include "base/number.hpp"
#include "http/date.hpp"

namespace http {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

class RetryingClient final : public Client {
 public:
  RetryingClient(std::unique_ptr<Client> inner, RetryPolicy policy, base::Random& random, base::Log& log)
      : inner_(std::move(inner)), policy_(policy), random_(random), log_(log) {}

  Response send(const Request& request) override {
    if (request.probe) return inner_->send(request);
    Course course{request.attempt.value_or(1), log_.clock().steady_now()};
    while (true) {
      try {
        Response response = inner_->send(request);
        remember(request.url.origin);
        if (judge(request.method, is_repeatable(request), response.status) == Verdict::final) return response;
        if (!pause_after(response, request, course)) return response;
        if (request.attempt) {
          response.may_be_repeated = true;
          return response;
        }
      } catch (const Exhausted&) {
        throw;
      } catch (const Error& error) {
        if (!pause_after(error, request, course)) throw;
        if (request.attempt) throw;
      }
      ++course.attempt;
    }
  }

 private:
  // One request on its way through its attempts.
  struct Course {
    int attempt;
    base::SteadyTime start;
    milliseconds asked_for{0};  // of the pauses
    [[nodiscard]] milliseconds spent(base::SteadyTime now) const {
      return std::chrono::duration_cast<milliseconds>(now - start) - asked_for;
    }
  };

  static bool is_repeatable(const Request& request) { return request.repeatable || request.attempt.has_value(); }

  // Whether there is another attempt; then its pause is over.
  bool pause_after(const Response& response, const Request& request, Course& course) {
    std::optional<milliseconds> retry_after;
    if (const auto value = response.headers.get("Retry-After")) {
      retry_after = parse_retry_after(*value, log_.clock().now());
    }
    const auto& policy = response.status == 500 ? narrower(defect_policy) : policy_;
    const auto delay = next_delay(policy, course.attempt + 1, retry_after, random_, course.spent(now()));
    if (!delay) return false;
    course.asked_for += retry_after.value_or(milliseconds(0));
    const auto cause = fmt::format("HTTP status {}", response.status);
    if (response.pause_is_said) {
      log_.debug(fmt::format("{} {}: {}", name_of(request.method), request.url.shown(), cause));
      base::sleep(log_.clock(), *delay, request.cancellation.get());
    } else {
      pause(request, cause, *delay, course.attempt, policy);
    }
    return true;
  }

  bool pause_after(const Error& error, const Request& request, const Course& course) {
    const auto* unreachable = dynamic_cast<const Unreachable*>(&error);
    const bool again = is_idempotent(request.method) || is_repeatable(request) || unreachable != nullptr;
    if (error.kind() != ErrorKind::transient || !again) return false;
    const bool is_unknown = unreachable != nullptr && unreachable->reason() == Unreachable::Reason::unknown_name &&
                            !is_remembered(request.url.origin);
    const auto& policy = is_unknown ? narrower(unknown_name_policy) : policy_;
    const auto delay = next_delay(policy, course.attempt + 1, std::nullopt, random_, course.spent(now()));
    if (!delay) return false;
    // Before the repetition is sent: a sink that can go on from where it is ends it here, and nothing is asked twice.
    if (request.sink) request.sink->restart();
    pause(request, error.report().cause, *delay, course.attempt, policy);
    return true;
  }

  // A client that was given less patience than usual keeps to it.
  [[nodiscard]] const RetryPolicy& narrower(const RetryPolicy& policy) const {
    return policy_.attempts < policy.attempts ? policy_ : policy;
  }

  [[nodiscard]] base::SteadyTime now() const { return log_.clock().steady_now(); }

  void pause(const Request& request, const std::string& cause, milliseconds delay, int attempt,
             const RetryPolicy& policy) {
    const auto url = request.url.shown();
    // What is asked for stands in the path; a query makes a line of each attempt into two.
    log_.warning(fmt::format("{} {}: {}; attempt {} of {} in {}", name_of(request.method), url.substr(0, url.find('?')),
                             base::printable(cause), attempt + 1, policy.attempts, base::human_duration(delay)));
    base::sleep(log_.clock(), delay, request.cancellation.get());
  }

  void remember(const Origin& origin) {
    const std::lock_guard lock(mutex_);
    if (std::find(answered_.begin(), answered_.end(), origin) == answered_.end()) answered_.push_back(origin);
  }

  bool is_remembered(const Origin& origin) {
    const std::lock_guard lock(mutex_);
    return std::find(answered_.begin(), answered_.end(), origin) != answered_.end();
  }

  std::unique_ptr<Client> inner_;
  RetryPolicy policy_;
  base::Random& random_;
  base::Log& log_;
  std::mutex mutex_;
  std::vector<Origin> answered_;
};

}  // namespace

Verdict judge(Method method, bool repeatable, int status) {
  if (status == 429 || status == 503) return Verdict::retry;
  if (status == 500 && method == Method::head) return Verdict::final;
  const bool passing = status == 408 || status == 500 || status == 502 || status == 504;
  return passing && (is_idempotent(method) || repeatable) ? Verdict::retry : Verdict::final;
}

std::optional<milliseconds> next_delay(const RetryPolicy& policy, int next, std::optional<milliseconds> retry_after,
                                       base::Random& random, milliseconds spent) {
  if (next > policy.attempts) return std::nullopt;
  if (next > policy.attempts_in_time && spent > policy.patience) return std::nullopt;
  if (retry_after && *retry_after > policy.longest_retry_after) return std::nullopt;
  const int doublings = std::clamp(next - 2, 0, 20);
  const auto full = std::min(policy.longest_delay, milliseconds(policy.first_delay.count() << doublings));
  const auto half = full / 2;
  const auto delay =
      half + milliseconds(static_cast<std::int64_t>(random.fraction() * static_cast<double>(half.count())));
  return std::max(delay, retry_after.value_or(milliseconds(0)));
}

std::optional<milliseconds> parse_retry_after(std::string_view value, base::WallTime now) {
  if (const auto seconds = base::parse_whole<std::int64_t>(value)) {
    return std::chrono::seconds(std::clamp<std::int64_t>(*seconds, 0, 1'000'000'000));
  }
  const auto date = parse_date(value);
  if (!date) return std::nullopt;
  const auto difference = *date - now;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(difference));
}

std::unique_ptr<Client> make_retrying(std::unique_ptr<Client> inner, RetryPolicy policy, base::Random& random,
                                      base::Log& log) {
  return std::make_unique<RetryingClient>(std::move(inner), policy, random, log);
}

}  // namespace http
