#include "kpack/target.hpp"

#include <catch2/catch_test_macros.hpp>

using json::Value;
using kpack::Difference;
using kpack::TargetKind;

namespace {

kpack::TargetObject stack() {
  return {TargetKind::stack,
          {{"metadata", {{"name", "base"}, {"resourceVersion", "7"}, {"generation", 3}}},
           {"spec",
            {{"id", "jammy"},
             {"buildImage", {{"image", "r/build:1"}}},
             {"runImage", {{"image", "r/run:1"}}},
             {"serviceAccountRef", {{"name", "kpack"}}}}},
           {"status", {{"mixins", Value::array({"curl", 7})}}}}};
}

kpack::TargetObject store(Value sources) {
  return {TargetKind::store, {{"metadata", {{"name", "packs"}}}, {"spec", {{"sources", std::move(sources)}}}}};
}

kpack::Builder builder(const char* kind, const char* space, const char* stack, const char* store = "packs") {
  return {{kind, "base", space}, {{"spec", {{"stack", {{"name", stack}}}, {"store", {{"name", store}}}}}}};
}

kpack::Image image(const char* kind, const char* space) {
  return kpack::Image({{"metadata", {{"name", "app"}, {"namespace", space}}},
                       {"spec", {{"builder", {{"kind", kind}, {"name", "base"}, {"namespace", "elsewhere"}}}}}});
}

}  // namespace

TEST_CASE("a stack is patched in just the images that differ") {
  const auto patch = patch_for(stack(), {{"runImage.image", "r/run@sha256:2"}, {"buildImage.image", "r/build:1"}});
  CHECK(patch.spec == Value{{"runImage", {{"image", "r/run@sha256:2"}}}});
  CHECK(patch.differences == std::vector<Difference>{{"runImage.image", "r/run:1", "r/run@sha256:2"}});
  CHECK(patch_for(stack(), {{"runImage.image", "r/run:1"}}).empty());
  CHECK(merge_patch(stack().resource_version, patch)["metadata"]["resourceVersion"] == "7");
}

TEST_CASE("a list is sent whole, and what came and went is told entry by entry") {
  const Value one = {{"image", "r/java@sha256:1"}};
  const Value two = {{"image", "r/java@sha256:2"}};
  const auto added = patch_for(store(Value::array({one})), {{"sources", Value::array({one, two})}});
  CHECK(added.spec == Value{{"sources", Value::array({one, two})}});
  CHECK(added.differences == std::vector<Difference>{{"sources", "", "r/java@sha256:2"}});
  const auto back = patch_for(store(Value::array({one, two})), {{"sources", Value::array({one})}});
  CHECK(back.differences == std::vector<Difference>{{"sources", "r/java@sha256:2", ""}});
  CHECK(patch_for(store(Value::array({one, two})), {{"sources", Value::array({two, one})}}).differences.size() == 1);
  CHECK(patch_for(store(Value::array({one})), {{"sources", Value::array({one})}}).empty());
}

TEST_CASE("what is of another type than a spec has is as good as absent") {
  CHECK(stack().mixins == std::vector<std::string>{"curl"});
  CHECK(store("all").settings.empty());
  CHECK(kpack::TargetObject(TargetKind::builder, Value::array()).settings.empty());
}

TEST_CASE("a builder stands on its stack and its store, and a ClusterBuilder on itself") {
  const auto cluster = builder("ClusterBuilder", "", "jammy");
  CHECK(stands_on(cluster, {TargetKind::stack, "jammy"}));
  CHECK_FALSE(stands_on(cluster, {TargetKind::stack, "base"}));
  CHECK(stands_on(cluster, {TargetKind::store, "packs"}));
  CHECK(stands_on(cluster, {TargetKind::builder, "base"}));
  CHECK_FALSE(stands_on(builder("Builder", "apps", "jammy"), {TargetKind::builder, "base"}));
}

TEST_CASE("an Image's builder is the cluster's, or one of its own namespace whatever its spec says") {
  const std::vector<kpack::Builder> builders{builder("ClusterBuilder", "", "jammy"), builder("Builder", "apps", "full"),
                                             builder("Builder", "elsewhere", "tiny")};
  CHECK(builder_of(image("ClusterBuilder", "apps"), builders) == builders.data());
  CHECK(builder_of(image("Builder", "apps"), builders) == &builders[1]);
  CHECK(builder_of(image("Builder", "other"), builders) == nullptr);
}
