// Watches of several kinds of objects side by side, each on a thread of its own, and what they tell in one mailbox for
// the one that decides. Where the system gives no thread, the kind is listed every two seconds instead.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <variant>

#include "base/cancellation.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "kubernetes/watcher.hpp"

namespace kpack {

class Watches {
 public:
  struct News {
    std::size_t watch = 0;  // the number that add() gave
    std::variant<kubernetes::WatchNews, std::exception_ptr> what;
  };

  Watches(kubernetes::Client& client, base::Random& random, base::Log& log);
  // Cancels all, and waits for their threads.
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // From `version` on; empty: a list first. Numbers go up from 0. The watch ends by its cancellation, or with this.
  std::size_t add(const kubernetes::WatchTarget& target, const std::string& version,
                  const std::shared_ptr<base::Cancellation>& cancellation);
  // All that has come; waits for the first at most `longest`. Throws Aborted within a second when it is requested.
  [[nodiscard]] std::deque<News> take(std::chrono::milliseconds longest);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace kpack
