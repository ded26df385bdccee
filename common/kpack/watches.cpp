#include "kpack/watches.hpp"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"
#include "base/termination.hpp"

namespace kpack {
namespace {

using kubernetes::Replaced;
using kubernetes::WatchNews;
using News = Watches::News;

// Where no thread watches, it is looked this often; a server that is lost is waited for as long as a watch would.
constexpr std::chrono::seconds between_lists(2);
constexpr std::chrono::minutes longest_absence(10);

// From the threads that watch to the one that decides.
class Mailbox {
 public:
  void post(News news) {
    {
      const std::lock_guard lock(mutex_);
      news_.push_back(std::move(news));
    }
    changed_.notify_one();
  }

  // A step that is told to end is heard once a second: each look costs, and a build takes minutes.
  std::deque<News> take(std::chrono::milliseconds longest) {
    constexpr std::chrono::milliseconds between_looks(1000);
    const auto end = std::chrono::steady_clock::now() + longest;
    // Also where news never cease.
    base::throw_if_terminated();
    std::unique_lock lock(mutex_);
    while (news_.empty()) {
      base::throw_if_terminated();
      const auto now = std::chrono::steady_clock::now();
      if (now >= end) break;
      changed_.wait_until(lock, std::min(end, now + between_looks));
    }
    return std::exchange(news_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<News> news_;
};

}  // namespace

class Watches::Implementation {
 public:
  Implementation(kubernetes::Client& client, base::Random& random, base::Log& log)
      : client_(client), random_(random), log_(log) {}

  ~Implementation() {
    for (const auto& cancellation : cancellations_) cancellation->request();
  }
  Implementation(const Implementation&) = delete;
  Implementation& operator=(const Implementation&) = delete;

  std::size_t add(const kubernetes::WatchTarget& target, const std::string& version,
                  const std::shared_ptr<base::Cancellation>& cancellation) {
    const auto number = cancellations_.size();
    cancellations_.push_back(cancellation);
    auto worker = std::make_unique<base::Workers>(1);
    auto watching = worker->submit([this, number, target, version, cancellation] {
      try {
        kubernetes::Watcher watcher(client_, target, random_, log_);
        watcher.run(
            version,
            [&](WatchNews news) {
              mailbox_.post({number, std::move(news)});
            },
            cancellation);
      } catch (...) {
        mailbox_.post({number, std::current_exception()});
      }
    });
    if (worker->threads() == 0) {
      log_.debug(fmt::format("there is no thread to watch {}", target.resource.plural));
      unwatched_.push_back({number, target, cancellation, log_.clock().steady_now()});
      return number;
    }
    watching_.push_back(std::move(watching));
    workers_.push_back(std::move(worker));
    return number;
  }

  std::deque<News> take(std::chrono::milliseconds longest) {
    list_unwatched();
    return mailbox_.take(std::min<std::chrono::milliseconds>(longest, unwatched_.empty() ? longest : between_lists));
  }

 private:
  // What is asked for by lists, since the system gave no thread for a watch.
  struct Unwatched {
    std::size_t number;
    kubernetes::WatchTarget target;
    std::shared_ptr<base::Cancellation> cancellation;
    base::SteadyTime last_contact;
    bool is_over = false;
  };

  void list_unwatched() {
    const auto now = log_.clock().steady_now();
    if (unwatched_.empty() || (listed_ && now - *listed_ < between_lists)) return;
    listed_ = now;
    for (auto& one : unwatched_) list(one, now);
    std::erase_if(unwatched_, [](const Unwatched& one) { return one.is_over; });
  }

  void list(Unwatched& one, base::SteadyTime now) {
    one.is_over = one.cancellation->is_requested();
    if (one.is_over) return;
    try {
      auto listing = client_.list(one.target.resource, one.target.space, one.target.selection);
      one.last_contact = now;
      mailbox_.post({one.number, Replaced{std::move(listing.items)}});
    } catch (const base::Error& error) {
      if (error.kind() == base::ErrorKind::transient && now - one.last_contact < longest_absence) return;
      one.is_over = true;
      mailbox_.post({one.number, std::current_exception()});
    }
  }

  kubernetes::Client& client_;
  base::Random& random_;
  base::Log& log_;
  Mailbox mailbox_;
  std::vector<std::shared_ptr<base::Cancellation>> cancellations_;
  std::vector<base::Pending<void>> watching_;
  std::vector<Unwatched> unwatched_;
  std::optional<base::SteadyTime> listed_;
  // One for each watch. The last member: its end waits for the threads, which use all of the others.
  std::vector<std::unique_ptr<base::Workers>> workers_;
};

Watches::Watches(kubernetes::Client& client, base::Random& random, base::Log& log)
    : implementation_(std::make_unique<Implementation>(client, random, log)) {}
Watches::~Watches() = default;

std::size_t Watches::add(const kubernetes::WatchTarget& target, const std::string& version,
                         const std::shared_ptr<base::Cancellation>& cancellation) {
  return implementation_->add(target, version, cancellation);
}

std::deque<Watches::News> Watches::take(std::chrono::milliseconds longest) { return implementation_->take(longest); }

}  // namespace kpack
