#include "fleet/rebuild_wait.hpp"

#include <catch2/catch_test_macros.hpp>

#include "../kubernetes/world.hpp"

using json::Value;

namespace {

const std::string digest = "sha256:" + std::string(64, 'c');

Value condition(const char* type, const char* status) { return Value::array({{{"type", type}, {"status", status}}}); }

// An Image "apps/app" on the ClusterStack base, whose builds are by another run image than the stack's now.
struct World {
  test::KubernetesWorld cluster;
  kpack::Inventory seen;
  std::vector<fleet::Followed> images;
  fleet::Latencies latencies{{cluster.clock.steady_now(), cluster.clock.now()}, std::nullopt};

  World() {
    const std::string run = "r.example/run@sha256:2";
    seen.target = kpack::TargetObject(kpack::TargetKind::stack, {{"metadata", {{"name", "base"}, {"generation", 2}}},
                                                                 {"status",
                                                                  {{"observedGeneration", 2},
                                                                   {"runImage", {{"latestImage", run}}},
                                                                   {"conditions", condition("Ready", "True")}}}});
    const kpack::BuilderReference reference{"ClusterBuilder", "base", ""};
    seen.builders = {kpack::Builder(reference, {{"metadata", {{"generation", 1}}},
                                                {"spec", {{"stack", {{"name", "base"}}}}},
                                                {"status",
                                                 {{"observedGeneration", 1},
                                                  {"latestImage", "r.example/builder@sha256:b"},
                                                  {"stack", {{"runImage", run}}},
                                                  {"conditions", condition("Ready", "True")}}}})};
    seen.images.emplace(kpack::ImageName("apps", "app"),
                        kpack::Image({{"metadata", {{"name", "app"}, {"namespace", "apps"}, {"uid", "u"}}},
                                      {"spec", {{"builder", {{"kind", "ClusterBuilder"}, {"name", "base"}}}}}}));
    fleet::Followed image;
    image.name = {"apps", "app"};
    image.aim = {"u", reference, 1, 0, 0};
    image.entry.repository = "docker.io/acme/app";
    image.entry.tag = "latest";
    images = {image};
  }

  void add_build(int number, const char* succeeded, const std::string& latest_image) {
    const auto text = std::to_string(number);
    seen.builds[{"apps", "app"}].push_back(
        kpack::Build({{"metadata",
                       {{"name", "app-build-" + text},
                        {"namespace", "apps"},
                        {"labels", {{"image.kpack.io/image", "app"}, {"image.kpack.io/buildNumber", text}}},
                        {"ownerReferences", Value::array({{{"kind", "Image"}, {"uid", "u"}}})}}},
                      {"spec", {{"builder", {{"image", "r.example/builder@sha256:b"}}}}},
                      {"status",
                       {{"conditions", condition("Succeeded", succeeded)},
                        {"latestImage", latest_image},
                        {"stack", {{"runImage", "r.example/run@sha256:2"}}}}}}));
  }

  fleet::RebuildWait wait(bool trigger_failed = false) {
    return {cluster.client,
            {2, cluster.clock.steady_now(), std::chrono::minutes(1), trigger_failed},
            images,
            latencies,
            cluster.log};
  }
};

}  // namespace

TEST_CASE("what kpack built is recorded as a record's reader wants it, however kpack writes its host") {
  World world;
  world.add_build(2, "True", "index.docker.io/acme/app@" + digest);
  REQUIRE(world.wait().look(world.seen));
  fleet::FleetRecord record;
  record.record = "r.example.com/fleet:main";
  record.images = {world.images.front().entry};
  const auto again = fleet::parse_fleet_record(json::dump(to_json(record)), "a record");
  CHECK(again.images.at(0).state == fleet::State::rebuilt);
  CHECK(again.images.at(0).image == "docker.io/acme/app@" + digest);
}

TEST_CASE("an image that is not one, or not of the Image's repository, is not recorded") {
  const std::string repository = "r.example/app";
  CHECK(fleet::image_in("r.example/app@" + digest, repository) == "r.example/app@" + digest);
  CHECK(fleet::image_in("r.example/app:1", repository).empty());
  CHECK(fleet::image_in("r.example/other@" + digest, repository).empty());
  CHECK(fleet::image_in("r.example/APP@sha256:1", repository).empty());
  CHECK(fleet::image_in("", repository).empty());
}

TEST_CASE("a trigger that is refused is the verdict of its Image alone") {
  World world;
  world.add_build(1, "False", "");
  world.cluster.refuse(403, "Forbidden", "app-build-1");
  CHECK(world.wait(true).look(world.seen));
  CHECK(world.images.front().entry.state == fleet::State::failed);
  CHECK(world.images.front().entry.reason.find("no other can be triggered") != std::string::npos);
}

TEST_CASE("a build is triggered once, though its Build is gone meanwhile") {
  World world;
  world.add_build(1, "False", "");
  world.cluster.refuse(404, "NotFound", "app-build-1");
  auto wait = world.wait(true);
  CHECK_FALSE(wait.look(world.seen));
  CHECK_FALSE(wait.look(world.seen));
  CHECK(world.cluster.server.seen.size() == 1);
}
