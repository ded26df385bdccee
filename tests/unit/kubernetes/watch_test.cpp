#include "kubernetes/watch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/fixed_random.hpp"

using namespace std::chrono_literals;
using kubernetes::advance;
using kubernetes::WatchNext;
using kubernetes::WatchState;

namespace {

kubernetes::WasReceived event(const std::string& type, const std::string& version) {
  return {{{"type", type}, {"object", {{"metadata", {{"name", "app"}, {"resourceVersion", version}}}}}}};
}

kubernetes::WasReceived error_event(int code, const std::string& reason = "") {
  return {{{"type", "ERROR"}, {"object", {{"kind", "Status"}, {"code", code}, {"reason", reason}}}}};
}

}  // namespace

TEST_CASE("a list is followed by a watch from its version") {
  const auto step = advance({}, kubernetes::WasListed{"7"});
  CHECK(step.state == WatchState{"7", 0});
  CHECK(step.next == WatchNext::watch);
}

TEST_CASE("each event moves the version, and a bookmark does nothing else") {
  auto step = advance({"7", 3}, event("MODIFIED", "8"));
  CHECK(step.state == WatchState{"8", 0});
  CHECK(step.next == WatchNext::receive);
  CHECK(step.change->kind == kubernetes::ObjectChange::Kind::modified);
  CHECK(advance({"7", 0}, event("ADDED", "8")).change->kind == kubernetes::ObjectChange::Kind::added);
  CHECK(advance({"7", 0}, event("DELETED", "8")).change->kind == kubernetes::ObjectChange::Kind::deleted);
  step = advance({"8", 0}, event("BOOKMARK", "19"));
  CHECK(step.state == WatchState{"19", 0});
  CHECK_FALSE(step.change);
}

TEST_CASE("both forms of an expired watch begin with a list anew") {
  CHECK(advance({"7", 0}, error_event(410, "Expired")).next == WatchNext::list);
  CHECK(advance({"7", 0}, error_event(410)).state == WatchState{"", 1});
  CHECK(advance({"7", 0}, kubernetes::WasRefused{{410, "Gone", "", false}}).next == WatchNext::list);
}

TEST_CASE("a watch that ended goes on from its last version") {
  CHECK(advance({"7", 0}, kubernetes::WasClosed{}).state == WatchState{"7", 1});
  CHECK(advance({"7", 4}, kubernetes::WasClosed{300s}).state == WatchState{"7", 0});
  CHECK(advance({"7", 4}, kubernetes::WasBroken{300s}).state == WatchState{"7", 1});
  CHECK(advance({"7", 4}, kubernetes::WasBroken{0s}).state == WatchState{"7", 5});
  CHECK(advance({"7", 0}, kubernetes::WasClosed{}).next == WatchNext::watch);
  CHECK(advance({"", 0}, kubernetes::WasBroken{}).next == WatchNext::list);
}

TEST_CASE("errors of the server pass, and those about rights do not") {
  CHECK(advance({"7", 0}, error_event(500)).next == WatchNext::watch);
  CHECK(advance({"7", 0}, kubernetes::WasRefused{{429, "", "", false}}).next == WatchNext::watch);
  CHECK(advance({"7", 0}, error_event(403)).next == WatchNext::fail);
  CHECK(advance({"7", 0}, error_event(403)).refused->code == 403);
  CHECK(advance({"7", 0}, kubernetes::WasRefused{{401, "", "", false}}).next == WatchNext::fail);
}

TEST_CASE("garbage ends a watch") {
  CHECK(advance({"7", 0}, kubernetes::WasReceived{{{"type", "ADDED"}}}).failure ==
        "an event of the watch has no object");
  CHECK(advance({"7", 0}, kubernetes::WasReceived{{{"type", "ADDED"}, {"object", json::Value::object()}}}).failure ==
        "an event of the watch has no resourceVersion");
  CHECK(advance({"7", 0}, event("SHOUT", "8")).failure == "an event of the watch is of the unknown type \"SHOUT\"");
  CHECK(advance({"7", 0}, kubernetes::WasReceived{17}).next == WatchNext::fail);
}

TEST_CASE("the first repetition is at once, later ones wait up to fifteen seconds") {
  test::FixedRandom most(~0ULL);
  CHECK(kubernetes::pause_after(0, most) == 0ms);
  CHECK(kubernetes::pause_after(1, most) == 0ms);
  CHECK(kubernetes::pause_after(2, most) <= 500ms);
  CHECK(kubernetes::pause_after(2, most) > 240ms);
  CHECK(kubernetes::pause_after(100, most) <= 15s);
  CHECK(kubernetes::pause_after(100, most) > 7s);
}
