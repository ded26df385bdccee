#include "kpack/pod.hpp"

#include <catch2/catch_test_macros.hpp>

#include "kpack/failure.hpp"
#include "world.hpp"

using json::Value;
using kpack::Blame;
using kpack::Step;

namespace {

Value containers(const std::vector<std::string>& names) {
  Value list = Value::array();
  for (const auto& name : names) list.push_back({{"name", name}});
  return list;
}

Value status(const std::string& name, const Value& state) { return {{"name", name}, {"state", state}}; }

Value ended(int code, const std::string& message = "", const std::string& reason = "Error") {
  return {{"terminated", {{"exitCode", code}, {"message", message}, {"reason", reason}}}};
}

Value pod_with(const std::vector<Value>& init_statuses) {
  return {{"metadata", {{"name", "p"}, {"uid", "pu"}}},
          {"spec",
           {{"initContainers", containers({"prepare", "analyze", "detect", "restore", "build", "export"})},
            {"containers", containers({"completion"})}}},
          {"status", {{"phase", "Pending"}, {"initContainerStatuses", init_statuses}}}};
}

std::vector<std::string> names_of(const kpack::Pod& pod) {
  std::vector<std::string> names;
  for (const auto& step : pod.steps) names.push_back(step.name);
  return names;
}

kpack::Failure failure(const std::string& step, int code, const std::string& message = "",
                       const std::string& reason = "") {
  return kpack::failure_of(test::build({1, 1, "a", "False"}),
                           kpack::Pod(pod_with({status(step, ended(code, message, reason))})));
}

}  // namespace

TEST_CASE("the steps come in the pod's order, whichever it is, and without sidecars") {
  CHECK(names_of(kpack::Pod(pod_with({}))) ==
        std::vector<std::string>{"prepare", "analyze", "detect", "restore", "build", "export", "completion"});
  const Value meshed = {{"spec",
                         {{"initContainers", containers({"istio-init", "pre-start"})},
                          {"containers", containers({"prepare", "detect", "analyze", "istio-proxy", "completion"})}}}};
  CHECK(names_of(kpack::Pod(meshed)) == std::vector<std::string>{"prepare", "detect", "analyze", "completion"});
  const Value rebase = {
      {"spec", {{"initContainers", containers({"rebase"})}, {"containers", containers({"completion"})}}}};
  CHECK(names_of(kpack::Pod(rebase)) == std::vector<std::string>{"rebase", "completion"});
  CHECK(names_of(kpack::Pod(17)).empty());
}

TEST_CASE("states of the steps are read") {
  const kpack::Pod pod(pod_with({status("prepare", ended(0, "", "Completed")),
                                 status("analyze", {{"running", {{"startedAt", "2026-01-01T00:00:00Z"}}}}),
                                 status("detect", {{"waiting", {{"reason", "PodInitializing"}}}})}));
  CHECK(pod.step("prepare")->state == Step::State::terminated);
  CHECK(pod.step("analyze")->state == Step::State::running);
  CHECK(pod.step("detect")->state == Step::State::waiting);
  CHECK(pod.step("other") == nullptr);
  CHECK_FALSE(kpack::obstacle_of(pod));
}

TEST_CASE("what keeps a pod is told in the cluster's words") {
  auto value =
      pod_with({status("build", {{"waiting", {{"reason", "ImagePullBackOff"}, {"message", "Back-off pulling"}}}})});
  CHECK(kpack::obstacle_of(kpack::Pod(value)) == "the step build cannot start: ImagePullBackOff: Back-off pulling");
  value["status"]["conditions"] = Value::array({{{"type", "PodScheduled"},
                                                 {"status", "False"},
                                                 {"reason", "Unschedulable"},
                                                 {"message", "0/3 nodes are available"}}});
  CHECK(kpack::obstacle_of(kpack::Pod(value)) == "the pod p is not scheduled: 0/3 nodes are available");
}

TEST_CASE("whether the source or the infrastructure failed follows from step and exit code") {
  CHECK(failure("build", 51).blame == Blame::source);
  CHECK(failure("detect", 20).blame == Blame::source);
  CHECK(failure("detect", 21).blame == Blame::source);
  CHECK(failure("detect", 22).blame == Blame::infrastructure);
  CHECK(failure("analyze", 31).blame == Blame::infrastructure);
  CHECK(failure("export", 62).blame == Blame::infrastructure);
  CHECK(failure("build", 137).blame == Blame::infrastructure);
  CHECK(failure("build", 1, "", "OOMKilled").remedy == "raise the Image's spec.build.resources");
  CHECK(failure("build", 51, "\nERROR: no pom.xml\n\n").cause ==
        "step build ended with exit code 51: a buildpack failed (\"ERROR: no pom.xml\")");
}

TEST_CASE("a pod that was ended from outside is told") {
  auto value = pod_with({});
  value["status"]["reason"] = "Evicted";
  value["status"]["message"] = "The node was low on resource: memory.";
  const auto failure = kpack::failure_of(test::build({1, 1, "a", "False"}), kpack::Pod(value));
  CHECK(failure.cause == "its pod ended by Evicted: The node was low on resource: memory.");
  CHECK(failure.blame == Blame::infrastructure);
}

TEST_CASE("without a pod the Build tells what it knows") {
  auto value = test::build({1, 1, "a", "False"}).value;
  value["status"]["conditions"][0]["message"] = "Pod is invalid: spec.env: Invalid value";
  CHECK(kpack::failure_of(kpack::Build(value), std::nullopt).cause ==
        "no pod can be made of it: Pod is invalid: spec.env: Invalid value");
  value["status"]["podName"] = "p";
  CHECK(kpack::failure_of(kpack::Build(value), std::nullopt).cause == "Pod is invalid: spec.env: Invalid value");
}

TEST_CASE("a Build names the step that failed and the last line of its log, where its pod cannot be seen") {
  auto value = test::build({1, 1, "a", "False"}).value;
  auto& status = value["status"];
  status["podName"] = "p";
  status["stepStates"] = Value::array({ended(0, "Container prepare terminated successfully"),
                                       ended(51, "Container build terminated with error"),
                                       {{"waiting", {{"message", "Container export waiting"}}}}});
  const auto cause = [&] { return kpack::failure_of(kpack::Build(value), std::nullopt).cause; };
  CHECK(kpack::Build(value).steps.at(2).name == "export");
  CHECK(cause() == "step build ended with exit code 51: a buildpack failed");
  status["conditions"][0]["message"] =
      "Error:  Container build terminated with error ERROR: no pom.xml: For more info use `kubectl logs -n apps p -c "
      "build`";
  CHECK(cause() == "step build ended with exit code 51: a buildpack failed (\"ERROR: no pom.xml\")");
  status["stepStates"][1] = ended(51, "a message of its own");
  status["stepsCompleted"] = Value::array({"prepare"});
  CHECK(cause().ends_with("(\"a message of its own\")"));
}
