// The loop around the state machine of watch.hpp: lists, watches, and goes on wherever a connection ended, until it is
// cancelled. What it tells is whole: after each `Replaced` and each change its receiver knows what the server knows.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/cancellation.hpp"
#include "base/random.hpp"
#include "kubernetes/client.hpp"
#include "kubernetes/watch.hpp"

namespace kubernetes {

struct WatchTarget {
  Resource resource;
  std::string space;
  Selection selection;
};

// All objects there are, in place of all that was told before.
struct Replaced {
  std::vector<json::Value> items;
};
using WatchNews = std::variant<Replaced, ObjectChange>;

class Watcher {
 public:
  Watcher(Client& client, WatchTarget target, base::Random& random, base::Log& log)
      : client_(client), target_(std::move(target)), random_(random), log_(log) {}

  // From `resource_version` on; empty: a list first. Returns when it is cancelled. Error: as Client has them, for what
  // does not pass, and for the right to watch when it was there before and is not for a minute; {transient} for a
  // server that was lost for ten minutes; {protocol} for a watch of garbage.
  void run(std::string resource_version, const std::function<void(WatchNews)>& tell,
           const std::shared_ptr<const base::Cancellation>& cancellation);

 private:
  [[nodiscard]] WatchStep list(const WatchState& state, const std::function<void(WatchNews)>& tell);
  [[nodiscard]] WatchStep watch(const WatchState& state, const std::function<void(WatchNews)>& tell,
                                const std::shared_ptr<const base::Cancellation>& cancellation);
  [[nodiscard]] WatchStep after_error(const WatchState& state, const base::Error& error,
                                      std::chrono::milliseconds after);

  // A watch was answered.
  void contacted();

  Client& client_;
  WatchTarget target_;
  base::Random& random_;
  base::Log& log_;
  base::SteadyTime last_contact_;
  bool was_allowed_ = false;
  std::optional<base::SteadyTime> refused_since_;
};

}  // namespace kubernetes
