// How fast a host may be written to. Hosts that hold much for many bound the writes of a minute, say so only by 429,
// and ask everybody to wait: so all writers of a host pause together, and go on at the pace that the host was seen to
// allow, a little below it, so that nothing is refused a second time.
//
// Pace is the policy, pure, with the time given; the decorator around a client is thin. It stands inside the retrying
// one, so that every attempt takes its place in the line, and the answers of all are learned from.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/log.hpp"
#include "http/client.hpp"

namespace http {

class Pace {
 public:
  // `bound`: writes in a minute that an operator allows; nothing: as many as the host takes.
  explicit Pace(std::optional<double> bound = std::nullopt)
      : bound_(bound), now_{.rate = bound, .slowest = bound.value_or(0) / 4} {}

  // When a write that is ready at `now` may go; it takes its place in the line.
  [[nodiscard]] base::SteadyTime reserve(base::SteadyTime now);
  // The host took a write that began at `began`.
  void accepted(base::SteadyTime began, base::SteadyTime now);
  // The host answered 429 to one that began at `began`, with Retry-After or without. Whether that is news: of writes
  // that were under way together each is refused, and all mean the same.
  bool refused(base::SteadyTime began, base::SteadyTime now, std::optional<std::chrono::milliseconds> retry_after);

  [[nodiscard]] bool is_paused(base::SteadyTime now) const { return now < paused_until_; }
  [[nodiscard]] base::SteadyTime paused_until() const { return paused_until_; }
  // Writes in a minute that are let through now; nothing: no bound is known.
  [[nodiscard]] std::optional<double> rate() const { return now_.rate; }

 private:
  // How the rate is known: seen over a time that says something; guessed from a few writes, and tried for more soon; or
  // lowered after a refusal at a rate that seemed allowed.
  enum class Knowledge { measured, guessed, lowered };

  void forget_before(base::SteadyTime moment);
  void measure(base::SteadyTime now, std::optional<std::chrono::milliseconds> retry_after);
  void lower();
  void try_more(base::SteadyTime now);
  void set_measured_rate();

  // What is known of the host's bound.
  struct Knowing {
    std::optional<double> rate;
    double slowest = 0;  // that it is lowered to
    Knowledge knowledge = Knowledge::measured;
    double seen = 0;                   // writes that the host took in the time that is measured
    double minutes = 1;                // that time
    std::chrono::seconds patience{5};  // before a guess is tried for more
    double held = 0;                   // the rate before it was last raised; 0: it was not
  };
  // A refusal that others, sent after it, may contradict: then it was no bound.
  struct Suspicion {
    base::SteadyTime began;
    Knowing before;
    int taken = 0;
    int refused = 0;
  };

  void settle(base::SteadyTime now);

  std::optional<double> bound_;
  Knowing now_;
  std::optional<Suspicion> suspicion_;
  bool was_refused_ = false;
  base::SteadyTime next_{};  // when the next place in the line is
  base::SteadyTime paused_until_{};
  base::SteadyTime last_refusal_{};
  base::SteadyTime last_change_{};      // of the rate
  std::deque<base::SteadyTime> taken_;  // the writes of the last minute
};

// The writes in a minute that an operator allows at an origin, if any.
using BoundOf = std::function<std::optional<double>(const Origin&)>;

// POST, PUT, PATCH and DELETE wait for their turn at the origin they are sent to; all else passes, but for what says
// otherwise (Request::turn). What a host turns out to allow is a line of the log.
[[nodiscard]] std::unique_ptr<Client> make_pacing(std::unique_ptr<Client> inner, BoundOf bound, base::Log& log);

}  // namespace http
