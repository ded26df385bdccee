// How fast a host may be written to. Hosts that hold much for many bound the writes of a minute, say so only by 429,
// and ask everybody to wait: so all writers of a host pause together, and go on at the pace that it let through before.
//
// Pace is the policy, pure, with the time given; the decorator around a client is thin. It stands inside the retrying
// one, so that every attempt takes its place in the line, and the answers of all are learned from.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "http/client.hpp"

namespace http {

class Pace {
 public:
  // `bound`: writes in a minute that an operator allows; nothing: as many as the host takes.
  explicit Pace(std::optional<double> bound = std::nullopt) : bound_(bound), rate_(bound) {}

  // When a write that is ready at `now` may go; it takes its place in the line.
  [[nodiscard]] base::SteadyTime reserve(base::SteadyTime now);
  // The host took a write.
  void accepted(base::SteadyTime now);
  // The host answered 429 to one that began at `began`, with Retry-After or without.
  void refused(base::SteadyTime began, base::SteadyTime now, std::optional<std::chrono::milliseconds> retry_after);

  [[nodiscard]] bool is_paused(base::SteadyTime now) const { return now < paused_until_; }
  // Writes in a minute that are let through now; nothing: no bound is known.
  [[nodiscard]] std::optional<double> rate() const { return rate_; }

 private:
  void forget_before(base::SteadyTime moment);

  std::optional<double> bound_;
  std::optional<double> rate_;
  base::SteadyTime next_{};  // when the next place in the line is
  base::SteadyTime paused_until_{};
  base::SteadyTime last_refusal_{};     // or the last time that the rate was raised
  std::deque<base::SteadyTime> taken_;  // the writes of the last minute
};

// The writes in a minute that an operator allows at an origin, if any.
using BoundOf = std::function<std::optional<double>(const Origin&)>;

// POST, PUT, PATCH and DELETE wait for their turn at the origin they are sent to; all else passes.
[[nodiscard]] std::unique_ptr<Client> make_pacing(std::unique_ptr<Client> inner, BoundOf bound, base::Clock& clock);

}  // namespace http
