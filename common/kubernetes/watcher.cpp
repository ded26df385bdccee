#include "kubernetes/watcher.hpp"

#include <fmt/format.h>

#include "base/error.hpp"

namespace kubernetes {
namespace {

using base::Error;
using base::ErrorKind;
using std::chrono::milliseconds;

// A server that is restarted or moved is back in minutes.
constexpr std::chrono::minutes longest_absence(10);

// A server that has just begun knows no Roles yet, and refuses everybody.
constexpr int forbidden = 403;
constexpr std::chrono::minutes longest_without_roles(1);

// Ends a connection from inside of its sink, when the state machine has heard enough.
struct Enough {};

milliseconds since(base::SteadyTime start, base::Clock& clock) {
  return std::chrono::duration_cast<milliseconds>(clock.steady_now() - start);
}

}  // namespace

void Watcher::run(std::string resource_version, const std::function<void(WatchNews)>& tell,
                  const std::shared_ptr<const base::Cancellation>& cancellation) {
  try {
    last_contact_ = log_.clock().steady_now();
    WatchStep step;
    step.state.resource_version = std::move(resource_version);
    step.next = step.state.resource_version.empty() ? WatchNext::list : WatchNext::watch;
    while (true) {
      base::sleep(log_.clock(), pause_after(step.state.failures, random_), cancellation.get());
      step = step.next == WatchNext::list ? list(step.state, tell) : watch(step.state, tell, cancellation);
    }
  } catch (const base::Cancelled&) {
    return;
  }
}

WatchStep Watcher::list(const WatchState& state, const std::function<void(WatchNews)>& tell) {
  try {
    auto listing = client_.list(target_.resource, target_.space, target_.selection);
    last_contact_ = log_.clock().steady_now();
    tell(Replaced{std::move(listing.items)});
    return advance(state, WasListed{std::move(listing.resource_version)});
  } catch (const Error& error) {
    return after_error(state, error, milliseconds(0));
  }
}

WatchStep Watcher::watch(const WatchState& state, const std::function<void(WatchNews)>& tell,
                         const std::shared_ptr<const base::Cancellation>& cancellation) {
  WatchStep step{state, WatchNext::receive, std::nullopt, "", std::nullopt};
  const auto start = log_.clock().steady_now();
  const Action action{Verb::watch, target_.resource, target_.space, "", ""};
  const auto receive = [&](std::string_view line) {
    contacted();
    step =
        advance(step.state, WasReceived{parse_answer(line, "an event of the watch of " + described(target_.resource))});
    if (step.refused && step.next == WatchNext::fail) throw refusal(action, *step.refused, {}, log_.clock().now());
    if (step.next == WatchNext::fail) throw Error(ErrorKind::protocol, action.report(step.failure));
    if (step.change) tell(std::move(*step.change));
    if (step.next != WatchNext::receive) throw Enough();
  };
  try {
    client_.watch(target_.resource, target_.space, target_.selection, state.resource_version, receive, cancellation);
    contacted();
    return advance(step.state, WasClosed{since(start, log_.clock())});
  } catch (const Enough&) {
    return step;
  } catch (const Error& error) {
    return after_error(step.state, error, since(start, log_.clock()));
  }
}

void Watcher::contacted() {
  last_contact_ = log_.clock().steady_now();
  was_allowed_ = true;
  refused_since_.reset();
}

WatchStep Watcher::after_error(const WatchState& state, const Error& error, milliseconds after) {
  const auto now = log_.clock().steady_now();
  if (error.status() == forbidden && was_allowed_ && !refused_since_) refused_since_ = now;
  if (error.status() == forbidden && refused_since_ && now - *refused_since_ < longest_without_roles) {
    log_.debug(fmt::format("the watch of {} goes on after: {}", described(target_.resource), error.what()));
    return advance(state, WasBroken{after});
  }
  if (error.status() != 0) {
    auto step = advance(state, WasRefused{{error.status(), error.code(), "", false}});
    if (step.next == WatchNext::fail) throw error;
    last_contact_ = log_.clock().steady_now();
    return step;
  }
  if (error.kind() != ErrorKind::transient) throw error;
  if (now - last_contact_ > longest_absence) throw error;
  log_.debug(fmt::format("the watch of {} goes on after: {}", described(target_.resource), error.what()));
  return advance(state, WasBroken{after});
}

}  // namespace kubernetes
