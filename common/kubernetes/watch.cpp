#include "kubernetes/watch.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "base/error.hpp"

namespace kubernetes {
namespace {

constexpr int gone = 410;

std::string version_of(const json::Value& object) {
  const auto* metadata = json::find(object, "metadata");
  return metadata == nullptr ? "" : json::text_or(*metadata, "resourceVersion");
}

// A watch that lasted was not a failure, whatever ended it.
constexpr std::chrono::seconds long_enough(10);

bool is_lasting(int code) { return code == 400 || code == 401 || code == 403 || code == 404 || code == 405; }

WatchStep after_refusal(const WatchState& state, const Status& status) {
  if (status.code == gone || status.reason == "Expired" || status.reason == "Gone") {
    // A server that forgets faster than can be listed is asked more and more slowly.
    return {{"", state.failures + 1}, WatchNext::list, std::nullopt, "", std::nullopt};
  }
  if (is_lasting(status.code)) return {state, WatchNext::fail, std::nullopt, "", status};
  const auto next = state.resource_version.empty() ? WatchNext::list : WatchNext::watch;
  return {{state.resource_version, state.failures + 1}, next, std::nullopt, "", std::nullopt};
}

WatchStep after_event(const WatchState& state, json::Value event) {
  const auto failed = [&](std::string why) {
    return WatchStep{state, WatchNext::fail, std::nullopt, std::move(why), std::nullopt};
  };
  const auto type = json::text_or(event, "type");
  const auto* object = json::find(event, "object");
  if (object == nullptr || !object->is_object()) return failed("an event of the watch has no object");
  if (type == "ERROR") return after_refusal(state, read_status(*object));
  auto version = version_of(*object);
  if (version.empty()) return failed("an event of the watch has no resourceVersion");
  WatchStep step{{std::move(version), 0}, WatchNext::receive, std::nullopt, "", std::nullopt};
  if (type == "BOOKMARK") return step;
  const auto changed = [&](ObjectChange::Kind kind) {
    step.change = ObjectChange{kind, std::move(event["object"])};
    return std::move(step);
  };
  if (type == "ADDED") return changed(ObjectChange::Kind::added);
  if (type == "MODIFIED") return changed(ObjectChange::Kind::modified);
  if (type == "DELETED") return changed(ObjectChange::Kind::deleted);
  return failed(fmt::format("an event of the watch is of the unknown type \"{}\"", base::printable(type, 64)));
}

class Advance {
 public:
  explicit Advance(const WatchState& state) : state_(state) {}

  WatchStep operator()(WasListed&& listed) const {
    return {{std::move(listed.resource_version), state_.failures}, WatchNext::watch, std::nullopt, "", std::nullopt};
  }
  WatchStep operator()(WasReceived&& received) const { return after_event(state_, std::move(received.event)); }
  WatchStep operator()(WasClosed&& closed) const { return anew(closed.after >= long_enough ? 0 : state_.failures + 1); }
  WatchStep operator()(WasBroken&& broken) const { return anew(broken.after >= long_enough ? 1 : state_.failures + 1); }
  WatchStep operator()(WasRefused&& refused) const { return after_refusal(state_, refused.status); }

 private:
  [[nodiscard]] WatchStep anew(int failures) const {
    const auto next = state_.resource_version.empty() ? WatchNext::list : WatchNext::watch;
    return {{state_.resource_version, failures}, next, std::nullopt, "", std::nullopt};
  }

  const WatchState& state_;
};

}  // namespace

WatchStep advance(const WatchState& state, WatchInput input) { return std::visit(Advance{state}, std::move(input)); }

std::chrono::milliseconds pause_after(int failures, base::Random& random) {
  using std::chrono::milliseconds;
  constexpr milliseconds first(500);
  constexpr milliseconds longest(15'000);
  if (failures <= 1) return milliseconds(0);
  const auto full = std::min(longest, first * (1 << std::clamp(failures - 2, 0, 10)));
  const auto half = full / 2;
  return half + milliseconds(static_cast<std::int64_t>(random.fraction() * static_cast<double>(half.count())));
}

}  // namespace kubernetes
