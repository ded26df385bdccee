#include "kpack/scene.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "support/fixed_random.hpp"
#include "support/manual_clock.hpp"
#include "support/without_threads.hpp"
#include "world.hpp"

using namespace std::chrono_literals;

namespace {

// Answers every list with what a cluster has; a watch would never end.
class Cluster final : public http::Client {
 public:
  std::vector<json::Value> builds;
  int status = 200;

  http::Response send(const http::Request& request) override {
    const auto items_of = [&]() -> json::Value {
      if (request.url.path.ends_with("/images")) return json::Value::array({test::image({2, 2}).value});
      if (request.url.path.ends_with("/builds")) return builds;
      return json::Value::array({{{"metadata", {{"name", "p"}, {"uid", "pu"}}}, {"status", {{"phase", "Running"}}}}});
    };
    http::Response response;
    response.status = status;
    response.body = json::dump({{"metadata", {{"resourceVersion", "9"}}}, {"items", items_of()}});
    return response;
  }
};

struct World {
  test::ManualClock clock;
  test::FixedRandom random{0};
  std::ostringstream text;
  base::Log log{text, base::Colour::off, clock};
  Cluster cluster;
  kubernetes::Client client{cluster, *http::Url::parse("https://k.example"), {"source.cluster", std::nullopt}, log};

  std::unique_ptr<kpack::Scene> scene() {
    return kpack::make_scene(client, test::image({1, 1}), {{test::image({1, 1}), {}}, "7", "7"}, random, log);
  }
};

}  // namespace

TEST_CASE("where there are no threads for watches, it is looked every few seconds") {
  CHECK(test::without_threads([]() -> std::string {
          World world;
          const auto scene = world.scene();
          if (!scene->wait(0ms) || scene->seen().image->generation != 2) return "the Image was not read";
          world.cluster.builds.push_back(test::build({1, 2, "bbbb", ""}).value);
          if (scene->wait(0ms)) return "it is asked without a pause";
          world.clock.advance(2s);
          if (!scene->wait(0ms) || scene->seen().builds.size() != 1) return "the Build was not read";
          scene->leave_image();
          scene->watch_pod("p");
          world.clock.advance(2s);
          if (!scene->wait(0ms) || !scene->pod() || scene->pod()->phase != "Running") return "the pod was not read";
          return "seen";
        }) == "seen");
}

TEST_CASE("without threads a server that is lost is waited for, and a missing right is told") {
  CHECK(test::without_threads([]() -> std::string {
          World world;
          world.cluster.status = 503;
          const auto scene = world.scene();
          if (scene->wait(0ms)) return "something was seen";
          world.cluster.status = 403;
          world.clock.advance(2s);
          (void)scene->wait(0ms);
          return "no error";
        }).starts_with("cannot list images (kpack.io) in namespace apps: "));
}
