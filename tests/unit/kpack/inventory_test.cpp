#include "kpack/inventory.hpp"

#include <catch2/catch_test_macros.hpp>

#include "../kubernetes/world.hpp"

using json::Value;

namespace {

Value list(const Value& items) { return {{"metadata", {{"resourceVersion", "7"}}}, {"items", items}}; }

Value build(int number, const std::string& owner) {
  return {{"metadata",
           {{"name", owner + "-build-" + std::to_string(number)},
            {"namespace", "apps"},
            {"labels", {{"image.kpack.io/image", "app"}, {"image.kpack.io/buildNumber", std::to_string(number)}}},
            {"ownerReferences", Value::array({{{"kind", "Image"}, {"uid", owner}}})}}}};
}

}  // namespace

TEST_CASE("builds that an Image of the same name left behind push out none of the Image that is there") {
  test::KubernetesWorld world;
  Value builds = Value::array();
  builds.push_back(build(1, "new"));
  for (int number = 50; number < 60; ++number) builds.push_back(build(number, "old"));
  builds.push_back(build(2, "new"));
  world.answer(200, list(Value::array({{{"metadata", {{"name", "base"}}}}})));
  world.answer(200, list(Value::array()));
  world.answer(200, list(Value::array({{{"metadata", {{"name", "default"}, {"namespace", "apps"}}},
                                        {"spec", {{"stack", {{"name", "base"}}}}}}})));
  world.answer(200, list(Value::array({{{"metadata", {{"name", "app"}, {"namespace", "apps"}, {"uid", "new"}}},
                                        {"spec", {{"builder", {{"kind", "Builder"}, {"name", "default"}}}}}}})));
  world.answer(200, list(builds));
  const auto listed = kpack::list_inventory(world.client, {kpack::TargetKind::stack, "base"}, {"apps"});
  std::vector<std::string> kept;
  for (const auto& one : listed.seen.builds.at({"apps", "app"})) kept.push_back(one.name);
  CHECK(kept == std::vector<std::string>{"new-build-1", "old-build-56", "old-build-57", "old-build-58", "old-build-59",
                                         "new-build-2"});
}
