#include "kubernetes/pod_log.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "kubernetes/watch.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

// How long the end of a log may precede the news that its container has ended.
constexpr milliseconds longest_news(3000);
constexpr milliseconds between_looks(50);
constexpr milliseconds before_it_runs(500);
// What cannot be had for so long will not be had.
constexpr std::chrono::minutes longest_absence(3);

class Following {
 public:
  Following(Client& client, const ContainerName& name, const std::function<bool()>& has_ended, base::Log& log,
            const std::shared_ptr<const base::Cancellation>& cancellation)
      : client_(client), name_(name), has_ended_(has_ended), log_(log), cancellation_(cancellation) {}

  LogEnd run(const LogMerger::Show& show, base::Random& random) {
    last_contact_ = log_.clock().steady_now();
    for (int failures = 0;;) {
      base::sleep(log_.clock(), pause_after(failures, random), cancellation_.get());
      // Only a connection that begins after the container's end gives all of it for certain: one that was open before
      // may have ended for another reason.
      const bool is_last = has_ended_();
      switch (connect(show)) {
        case Outcome::whole:
          failures = 0;
          if (is_last) {
            merger_.end(show);
            return LogEnd::complete;
          }
          wait_for_news();
          break;
        case Outcome::not_yet:
          if (is_last) return lost(show);
          base::sleep(log_.clock(), before_it_runs, cancellation_.get());
          break;
        case Outcome::gone:
          return lost(show);
        case Outcome::broken:
          if (log_.clock().steady_now() - last_contact_ > longest_absence) return lost(show);
          ++failures;
          break;
      }
    }
  }

 private:
  enum class Outcome { whole, not_yet, gone, broken };

  Outcome connect(const LogMerger::Show& show) {
    merger_.begin();
    const auto receive = [&](std::string_view bytes) {
      last_contact_ = log_.clock().steady_now();
      merger_.receive(bytes, show);
    };
    try {
      client_.log(name_.space, name_.pod, name_.container, merger_.since(), receive, cancellation_);
      return Outcome::whole;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::denied) throw;
      log_.debug(fmt::format("the log of {}: {}", name_.container, error.what()));
      if (error.status() == 404) return Outcome::gone;
      // "container is waiting to start", as the kubelet says it.
      if (error.status() == 400) return Outcome::not_yet;
      return Outcome::broken;
    }
  }

  void wait_for_news() {
    const auto start = log_.clock().steady_now();
    while (!has_ended_() && log_.clock().steady_now() - start < longest_news) {
      base::sleep(log_.clock(), between_looks, cancellation_.get());
    }
  }

  LogEnd lost(const LogMerger::Show& show) {
    merger_.end(show);
    return LogEnd::lost;
  }

  Client& client_;
  const ContainerName& name_;
  const std::function<bool()>& has_ended_;
  base::Log& log_;
  const std::shared_ptr<const base::Cancellation>& cancellation_;
  LogMerger merger_;
  base::SteadyTime last_contact_;
};

}  // namespace

LogEnd follow_log(Client& client, const ContainerName& name, const std::function<bool()>& has_ended,
                  const LogMerger::Show& show, base::Random& random, base::Log& log,
                  const std::shared_ptr<const base::Cancellation>& cancellation) {
  return Following(client, name, has_ended, log, cancellation).run(show, random);
}

}  // namespace kubernetes
