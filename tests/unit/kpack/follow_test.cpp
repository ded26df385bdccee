#include "kpack/follow.hpp"

#include <catch2/catch_test_macros.hpp>
#include <mutex>
#include <sstream>

#include "base/error.hpp"
#include "scripted_scene.hpp"
#include "support/failure.hpp"
#include "support/fixed_random.hpp"
#include "world.hpp"

using namespace std::chrono_literals;
using json::Value;

namespace {

// Answers log requests by container; threads share it.
class LogServer final : public http::Client {
 public:
  std::map<std::string, std::string> logs;
  int status = 200;

  http::Response send(const http::Request& request) override {
    const std::lock_guard lock(mutex_);
    http::Response response;
    response.status = status;
    const auto& query = request.url.query;
    const auto begin = query.find("container=") + 10;
    const auto name = query.substr(begin, query.find('&', begin) - begin);
    if (request.url.path.ends_with("/resourcequotas")) {
      response.body =
          R"({"metadata":{},"items":[{"metadata":{"name":"team"},"status":{"hard":{"pods":"2"},"used":{"pods":"2"}}}]})";
      return response;
    }
    if (request.sink && response.ok()) {
      request.sink->begin(response);
      request.sink->write(logs[name]);
    }
    return response;
  }

 private:
  std::mutex mutex_;
};

Value pod(const std::string& phase, const std::vector<std::pair<std::string, Value>>& states) {
  Value init = Value::array();
  Value statuses = Value::array();
  for (const auto& [name, state] : states) {
    init.push_back({{"name", name}});
    statuses.push_back({{"name", name}, {"state", state}});
  }
  return {{"metadata", {{"name", "p"}, {"uid", "pu"}}},
          {"spec", {{"initContainers", init}}},
          {"status", {{"phase", phase}, {"initContainerStatuses", statuses}}}};
}

Value ended(int code) { return {{"terminated", {{"exitCode", code}}}}; }

struct World {
  test::ManualClock clock;
  test::FixedRandom random{0};
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  LogServer server;
  kubernetes::Client client{server, *http::Url::parse("https://k.example"), {"source.cluster", std::nullopt}, log};
  test::ScriptedScene scene{clock};
  kpack::Patience patience{clock.steady_now() + 300s, 300s};

  World() { scene.now = {test::image({}), {running()}}; }

  static kpack::Build running(const std::string& pod_name = "p") {
    auto value = test::build({1, 1, "aaaa", ""}).value;
    value["metadata"]["annotations"] = {{"image.kpack.io/reason", "COMMIT"}};
    value["status"]["podName"] = pod_name;
    return kpack::Build(value);
  }

  static kpack::Build finished(const std::string& succeeded) {
    auto value = running().value;
    value["status"]["conditions"] = Value::array({{{"type", "Succeeded"}, {"status", succeeded}}});
    if (succeeded == "True") value["status"]["latestImage"] = "registry.example/app@sha256:1";
    return kpack::Build(value);
  }

  void end(const std::string& succeeded, const Value& last_pod) {
    scene.then([this, succeeded, last_pod] {
      scene.pod_now = kpack::Pod(last_pod);
      scene.now.builds = {finished(succeeded)};
    });
  }

  kpack::Build run() { return kpack::follow_build(1, scene, client, patience, random, log); }

  std::string refusal() {
    return test::failure([&] { static_cast<void>(run()); });
  }
};

}  // namespace

TEST_CASE("reasons, then each step's log under its heading, then the image") {
  World world;
  world.server.logs = {{"prepare", "2026-01-01T00:00:01Z loading\n"},
                       {"build", "2026-01-01T00:00:02Z one\n2026-01-01T00:00:02Z \x1b[2Jtwo"}};
  world.end("True", pod("Succeeded", {{"prepare", ended(0)}, {"build", ended(0)}}));
  CHECK(world.run().latest_image == "registry.example/app@sha256:1");
  CHECK(world.scene.watched_pod == "p");
  CHECK(
      world.text.str() ==
      "build #1 (app-build-1 in namespace apps)\nBuild reason(s): COMMIT\nCOMMIT:\n===> PREPARE\nloading\n===> BUILD\n"
      "one\ntwo\n");
}

TEST_CASE("a failure names step, exit code, last line and whose fault it is") {
  World world;
  world.server.logs = {{"build", "2026-01-01T00:00:02Z \x1b[31mERROR: no pom.xml\n2026-01-01T00:00:02Z \n"}};
  world.end("False", pod("Failed", {{"prepare", ended(0)}, {"build", ended(51)}, {"export", Value::object()}}));
  CHECK(world.refusal() ==
        "cannot build the Image app: build #1: step build ended with exit code 51: a buildpack failed (\"ERROR: no "
        "pom.xml\"); the source failed");
  CHECK(world.text.str().find("EXPORT") == std::string::npos);
}

TEST_CASE("what keeps the pod is told, and stands in the timeout") {
  World world;
  auto waiting = pod("Pending", {{"prepare", Value::object()}});
  waiting["status"]["conditions"] =
      Value::array({{{"type", "PodScheduled"}, {"status", "False"}, {"message", "0/3 nodes are available"}}});
  world.scene.pod_now = kpack::Pod(waiting);
  const auto refusal = world.refusal();
  CHECK(
      refusal.find("it is not built after 5 min 00 s (the timeout), waiting: the pod p is not scheduled: 0/3 nodes are "
                   "available") != std::string::npos);
  std::size_t told = 0;
  for (auto at = world.text.str().find("waiting"); at != std::string::npos;
       at = world.text.str().find("waiting", at + 1)) {
    ++told;
  }
  CHECK(told == 5);
}

TEST_CASE("a pod that is not made is missed after ten seconds, with the quota that may be read") {
  World world;
  world.scene.now.builds = {World::running("")};
  for (int i = 0; i < 15; ++i) world.scene.then([] {});
  world.end("True", pod("Succeeded", {}));
  (void)world.run();
  CHECK(world.text.str().find("waiting: the quota team is used up: pods 2 of 2") != std::string::npos);
}

TEST_CASE("a Build that is deleted while it runs is told") {
  World world;
  world.scene.then([&] { world.scene.now.builds.clear(); });
  CHECK(world.refusal() == "cannot follow build #1: the Build was deleted before it ended; put again");
}

TEST_CASE("a log that cannot be read does not fail the step") {
  World world;
  world.server.status = 403;
  world.end("True", pod("Succeeded", {{"build", ended(0)}}));
  CHECK(world.run().number == 1);
  CHECK(world.text.str().find("warning: the log of the build is not shown") != std::string::npos);
}
