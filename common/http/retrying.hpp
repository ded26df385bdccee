// A decorator that repeats requests which failed for a passing reason, and its policy as pure functions.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "http/client.hpp"

namespace http {

// Seven pauses of 26 to 52 seconds in all: a server that restarts is back by then.
struct RetryPolicy {
  int attempts = 8;  // in all
  std::chrono::milliseconds first_delay{500};
  std::chrono::milliseconds longest_delay{20'000};
  // Attempts that themselves take long (a host that swallows packets, a transfer that stalls) are not made more than
  // `attempts_in_time` times once so much time is over. What a server asked to wait does not count.
  std::chrono::milliseconds patience{60'000};
  int attempts_in_time = 3;
  // A server that asks for a longer pause by Retry-After is not asked again in this step.
  std::chrono::milliseconds longest_retry_after{120'000};
};

// After status 500, which is a defect more often than a restart: told within eight seconds.
inline constexpr RetryPolicy defect_policy{.attempts = 5};
// For a name without an address that never had one: what was misspelt is told within two to three seconds.
inline constexpr RetryPolicy unknown_name_policy{.attempts = 4, .first_delay = std::chrono::milliseconds(400)};

// What a response or its absence means for the next attempt.
enum class Verdict { final, retry };
// 500 to a HEAD is final: whoever asks can ask by GET.
[[nodiscard]] Verdict judge(Method method, bool repeatable, int status);

// The pause before attempt `next` (2 is the first repetition): exponential with full jitter on its upper half, and
// never shorter than what Retry-After asks for. Nothing when the policy allows no further attempt, `spent` being the
// time since the first.
[[nodiscard]] std::optional<std::chrono::milliseconds> next_delay(
    const RetryPolicy& policy, int next, std::optional<std::chrono::milliseconds> retry_after, base::Random& random,
    std::chrono::milliseconds spent = std::chrono::milliseconds(0));
// Delta-seconds or an HTTP date (RFC 9110, 10.2.3).
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(std::string_view value, base::WallTime now);

// What a request needs (a token) could not be had, after attempts of its own: the request is not repeated for it,
// whatever the kind.
class Exhausted final : public base::Error {
 public:
  explicit Exhausted(const base::Error& error) : Error(error) {}
};

// Repeats requests that failed for a passing reason (a broken connection, 408, 429, 500, 502, 503, 504), when they are
// idempotent or said to be repeatable; 429, 503 and Unreachable are repeated for every method, since nothing was done.
[[nodiscard]] std::unique_ptr<Client> make_retrying(std::unique_ptr<Client> inner, RetryPolicy policy,
                                                    base::Random& random, base::Log& log);

}  // namespace http
