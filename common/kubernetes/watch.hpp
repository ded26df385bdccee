// A watch as an explicit state machine (kubernetes.io, "Efficient detection of changes"; after kube-rs' watcher): what
// is known, what happened, and what follows from both. Nothing here knows of a network: watcher.hpp has the loop.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <variant>

#include "base/random.hpp"
#include "json/value.hpp"
#include "kubernetes/refusal.hpp"

namespace kubernetes {

// What a watcher knows. Without a resourceVersion everything must be listed first.
struct WatchState {
  std::string resource_version;
  int failures = 0;  // in a row, without an event between
  friend bool operator==(const WatchState&, const WatchState&) = default;
};

// What happened.
struct WasListed {
  std::string resource_version;
};
struct WasReceived {
  json::Value event;  // one line of the watch
};
// The server ended the watch in order, as it does after some minutes; so long it had lasted.
struct WasClosed {
  std::chrono::milliseconds after{0};
};
// The connection broke or stalled, or could not be made.
struct WasBroken {
  std::chrono::milliseconds after{0};
};
struct WasRefused {
  Status status;
};
using WatchInput = std::variant<WasListed, WasReceived, WasClosed, WasBroken, WasRefused>;

struct ObjectChange {
  enum class Kind { added, modified, deleted } kind{};
  json::Value object;
};

enum class WatchNext {
  receive,  // go on reading
  watch,    // from state.resource_version
  list,
  fail,  // what was refused will be refused again; or the server's words cannot be read
};

struct WatchStep {
  WatchState state;
  WatchNext next{};
  std::optional<ObjectChange> change;
  std::string failure;            // why next is fail: what cannot be read
  std::optional<Status> refused;  // or what was refused
};

// Expired watches come in two forms, HTTP status 410 and an event of type ERROR whose Status has the code 410: both
// mean to list again. Other errors of the server pass, apart from those about rights.
[[nodiscard]] WatchStep advance(const WatchState& state, WatchInput input);

// The pause before the next connection, after `failures` in a row: none at first, then up to 15 seconds.
[[nodiscard]] std::chrono::milliseconds pause_after(int failures, base::Random& random);

}  // namespace kubernetes
