#include "kpack/rebuild.hpp"

#include <catch2/catch_test_macros.hpp>

using json::Value;
using kpack::Rebuild;
using kpack::Settling;

namespace {

const kpack::Target stack{kpack::TargetKind::stack, "base"};
const std::string run_one = "r.example/run@sha256:1";
const std::string run_two = "r.example/run@sha256:2";

Value conditions(const char* type, const char* status, const char* message = "") {
  return Value::array({{{"type", type}, {"status", status}, {"message", message}}});
}

kpack::TargetObject stack_object(std::int64_t observed, const std::string& run_image, const char* ready = "True") {
  return {kpack::TargetKind::stack,
          {{"metadata", {{"name", "base"}, {"generation", 2}}},
           {"spec", {{"id", "jammy"}}},
           {"status",
            {{"observedGeneration", observed},
             {"runImage", {{"latestImage", run_image}}},
             {"conditions", conditions("Ready", ready, "no such image")}}}}};
}

struct BuilderSpec {
  std::string run_image = run_two;
  std::int64_t stack_generation = 2;
  std::string up_to_date = "True";
  std::string buildpack = "2.0";
  std::string image = "r.example/builder@sha256:b2";
};

kpack::Builder builder(const BuilderSpec& spec = {}) {
  return {
      {"ClusterBuilder", "base", ""},
      {{"metadata", {{"generation", 1}}},
       {"spec", {{"stack", {{"name", "base"}}}, {"store", {{"name", "packs"}}}}},
       {"status",
        {{"observedGeneration", 1},
         {"observedStackGeneration", spec.stack_generation},
         {"latestImage", spec.image},
         {"stack", {{"runImage", spec.run_image}}},
         {"builderMetadata", Value::array({{{"id", "acme/java"}, {"version", spec.buildpack}}})},
         {"conditions",
          Value::array({{{"type", "Ready"}, {"status", "True"}},
                        {{"type", "UpToDate"}, {"status", spec.up_to_date}, {"message", "no such buildpack"}}})}}}}};
}

kpack::Image image(const std::string& latest_build, const std::string& uid = "u", const std::string& name = "base") {
  return kpack::Image({{"metadata", {{"name", "app"}, {"namespace", "apps"}, {"uid", uid}}},
                       {"spec", {{"builder", {{"kind", "ClusterBuilder"}, {"name", name}}}}},
                       {"status", {{"latestBuildRef", latest_build}}}});
}

struct BuildSpec {
  int number = 1;
  std::string succeeded = "True";
  std::string run_image = run_one;
  std::string builder_image = "r.example/builder@sha256:b1";
  std::string buildpack = "2.0";
};

kpack::Build build(const BuildSpec& spec) {
  const auto number = std::to_string(spec.number);
  return kpack::Build({{"metadata",
                        {{"name", "app-build-" + number},
                         {"labels", {{"image.kpack.io/image", "app"}, {"image.kpack.io/buildNumber", number}}},
                         {"ownerReferences", Value::array({{{"kind", "Image"}, {"uid", "u"}}})}}},
                       {"spec", {{"builder", {{"image", spec.builder_image}}}}},
                       {"status",
                        {{"conditions", conditions("Succeeded", spec.succeeded.c_str())},
                         {"stack", {{"runImage", spec.run_image}}},
                         {"buildMetadata", Value::array({{{"id", "acme/java"}, {"version", spec.buildpack}}})}}}});
}

BuildSpec by_new_builder(int number, const std::string& succeeded = "True") {
  return {number, succeeded, run_two, "r.example/builder@sha256:b2", "2.0"};
}

const kpack::RebuildAim aim{"u", {"ClusterBuilder", "base", ""}, 1, 1, 0};

Rebuild judged(const std::string& latest_build, const std::vector<kpack::Build>& builds,
               const kpack::RebuildAim& with = aim) {
  const auto object = image(latest_build);
  return judge_rebuild(with, &object, builds, builder());
}

}  // namespace

TEST_CASE("a stack is settled once kpack has looked at what was written") {
  CHECK(settling_of(stack_object(1, run_one), 2).state == Settling::State::waiting);
  CHECK(settling_of(stack_object(2, run_two), 2).state == Settling::State::settled);
  const auto failing = settling_of(stack_object(2, "", "False"), 2);
  CHECK(failing.state == Settling::State::failing);
  CHECK(failing.why == "the ClusterStack base is not ready: no such image");
}

TEST_CASE("a builder is settled once it is made of the stack as it is now") {
  const auto now = stack_object(2, run_two);
  const auto state = [&](const BuilderSpec& spec) { return settling_of(builder(spec), now, 2).state; };
  CHECK(state({}) == Settling::State::settled);
  CHECK(state({.stack_generation = 1}) == Settling::State::waiting);
  CHECK(state({.run_image = run_one}) == Settling::State::waiting);
  // An older kpack does not say of which generation.
  CHECK(state({.stack_generation = 0}) == Settling::State::settled);
  CHECK(state({.run_image = run_one, .stack_generation = 0}) == Settling::State::waiting);
  const auto failing = settling_of(builder({.up_to_date = "False"}), now, 2);
  CHECK(failing.state == Settling::State::failing);
  CHECK(failing.why == "the ClusterBuilder base is not up to date: no such buildpack");
}

TEST_CASE("a build is made anew for another run image, and for a buildpack that is gone") {
  using builds::Reason;
  CHECK(reasons_to_rebuild(build({.run_image = run_two}), builder()).empty());
  CHECK(reasons_to_rebuild(build({}), builder()) == std::vector{Reason::stack});
  CHECK(reasons_to_rebuild(build({.buildpack = "1.0"}), builder()) == std::vector{Reason::buildpack, Reason::stack});
  // By the digest alone: a mirror has the same image.
  CHECK(reasons_to_rebuild(build({.run_image = "mirror.example/run@sha256:2"}), builder()).empty());
}

TEST_CASE("an Image is done when its newest build is by the builder as it is now") {
  const auto old = build({});
  CHECK(judged("app-build-1", {old}).state == Rebuild::State::waiting);
  const auto rebuilt = judged("app-build-2", {old, build(by_new_builder(2))});
  CHECK(rebuilt.state == Rebuild::State::rebuilt);
  CHECK(rebuilt.build == 2);
  CHECK(judged("app-build-1", {build(by_new_builder(1))}).state == Rebuild::State::current);
}

TEST_CASE("a build that runs is waited for, and one of before too") {
  const auto running = judged("app-build-2", {build({}), build(by_new_builder(2, "Unknown"))});
  CHECK(running.state == Rebuild::State::waiting);
  CHECK(running.is_running);
  CHECK(running.is_of_builder);
  const auto older = judged("app-build-2", {build({}), build({.number = 2, .succeeded = "Unknown"})});
  CHECK(older.is_running);
  CHECK_FALSE(older.is_of_builder);
}

TEST_CASE("a Build that the Image speaks of and that was not seen is waited for") {
  // Else the failure of #1 would be taken for the last word.
  CHECK(judged("app-build-2", {build({.succeeded = "False"})}).state == Rebuild::State::waiting);
}

TEST_CASE("a failed build is the end, for kpack takes no new builder to it") {
  const auto stale = judged("app-build-1", {build({.succeeded = "False"})});
  CHECK(stale.state == Rebuild::State::failed);
  CHECK_FALSE(stale.is_of_builder);
  CHECK(stale.why.find("kpack takes no new stack") != std::string::npos);
  CHECK(judged("app-build-2", {build({}), build(by_new_builder(2, "False"))}).is_of_builder);
  // Unless another was triggered after it.
  auto triggered = aim;
  triggered.annotated = 1;
  CHECK(judged("app-build-1", {build({.succeeded = "False"})}, triggered).state == Rebuild::State::waiting);
  CHECK(judged("app-build-2", {build({.succeeded = "False"}), build(by_new_builder(2))}, triggered).state ==
        Rebuild::State::rebuilt);
}

TEST_CASE("an Image that is gone, made anew or of another builder is left alone") {
  CHECK(judge_rebuild(aim, nullptr, {}, builder()).state == Rebuild::State::left);
  const auto anew = image("", "v");
  CHECK(judge_rebuild(aim, &anew, {}, builder()).state == Rebuild::State::left);
  const auto other = image("", "u", "full");
  const auto left = judge_rebuild(aim, &other, {}, builder());
  CHECK(left.state == Rebuild::State::left);
  CHECK(left.why == "the Image was given the ClusterBuilder full meanwhile");
}

TEST_CASE("an Image that was never built needs nothing") {
  const kpack::RebuildAim unbuilt{"u", {"ClusterBuilder", "base", ""}, 0, 0, 0};
  CHECK(judged("", {}, unbuilt).state == Rebuild::State::unbuilt);
  // Builds that are gone were there.
  CHECK(judged("", {}).state == Rebuild::State::waiting);
}
