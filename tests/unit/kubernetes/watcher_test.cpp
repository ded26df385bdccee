#include "kubernetes/watcher.hpp"

#include <catch2/catch_test_macros.hpp>

#include "support/failure.hpp"
#include "world.hpp"

namespace {

using json::Value;

std::string event(const std::string& type, int version) {
  return Value({{"type", type}, {"object", {{"metadata", {{"resourceVersion", std::to_string(version)}}}}}}).dump() +
         "\n";
}

// Runs a watcher until the script is at its end, and tells what it told.
struct World : test::KubernetesWorld {
  std::shared_ptr<base::Cancellation> cancellation = std::make_shared<base::Cancellation>();
  std::vector<std::string> news;
  int wanted = 0;

  void list(int version, const Value& items) {
    answer(200, {{"metadata", {{"resourceVersion", std::to_string(version)}}}, {"items", items}});
  }

  // `count` pieces of news are waited for.
  void run(int count, const std::string& from = "") {
    wanted = count;
    kubernetes::Watcher watcher(client, {images, "apps", {}}, random, log);
    watcher.run(
        from, [this](kubernetes::WatchNews told) { take(std::move(told)); }, cancellation);
  }

  void take(kubernetes::WatchNews told) {
    if (const auto* all = std::get_if<kubernetes::Replaced>(&told)) {
      news.push_back("all " + Value(all->items).dump());
    } else {
      const auto& change = std::get<kubernetes::ObjectChange>(told);
      news.push_back("version " + change.object["metadata"]["resourceVersion"].get<std::string>());
    }
    if (static_cast<int>(news.size()) == wanted) {
      cancellation->request();
      throw base::Cancelled();
    }
  }

  [[nodiscard]] std::string version_asked(std::size_t request) const {
    const auto at = path(request).find("resourceVersion=");
    return at == std::string::npos ? "" : path(request).substr(at + 16, path(request).find('&', at) - at - 16);
  }
};

using News = std::vector<std::string>;

}  // namespace

TEST_CASE("a watcher lists, then tells each change") {
  World world;
  world.list(5, {"a"});
  world.server.answer(200, {}, event("ADDED", 6) + event("BOOKMARK", 7) + event("MODIFIED", 8));
  world.run(3);
  CHECK(world.news == News{"all [\"a\"]", "version 6", "version 8"});
  CHECK(world.version_asked(1) == "5");
}

TEST_CASE("a watch that was cut, closed, or not to be had goes on from the last version") {
  World world;
  world.server.cut(event("ADDED", 6) + R"({"type":"MODI)", test::KubernetesWorld::broken());
  world.server.answer(200, {}, event("BOOKMARK", 9));
  world.server.fail(http::Unreachable({"reach", "it", "refused", ""}));
  world.refuse(503, "ServiceUnavailable");
  world.server.answer(200, {}, event("MODIFIED", 10));
  world.run(2, "5");
  CHECK(world.news == News{"version 6", "version 10"});
  CHECK(world.version_asked(0) == "5");
  CHECK(world.version_asked(1) == "6");
  CHECK(world.version_asked(4) == "9");
}

TEST_CASE("a server that has just begun and refuses everybody is asked again, one that always did is not") {
  World world;
  world.server.answer(200, {}, event("ADDED", 6));
  world.refuse(403, "Forbidden");
  world.refuse(403, "Forbidden");
  world.server.answer(200, {}, event("MODIFIED", 7));
  world.run(2, "5");
  CHECK(world.news == News{"version 6", "version 7"});
  World refused;
  refused.refuse(403, "Forbidden");
  CHECK(test::failure([&] { refused.run(1, "5"); }).starts_with("cannot watch images (kpack.io) in namespace apps"));
  World lost;
  lost.server.answer(200, {}, event("ADDED", 6));
  for (int i = 0; i < 100; ++i) lost.refuse(403, "Forbidden");
  CHECK(test::failure([&] { lost.run(2, "5"); }).starts_with("cannot watch images (kpack.io) in namespace apps"));
}

TEST_CASE("both forms of an expired watch are followed by a list") {
  World world;
  world.server.answer(200, {},
                      event("ADDED", 6) + R"({"type":"ERROR","object":{"kind":"Status","code":410}})"
                                          "\n");
  world.list(20, {"b"});
  world.refuse(410, "Gone");
  world.list(30, {"c"});
  world.server.answer(200, {}, event("MODIFIED", 31));
  world.run(4, "5");
  CHECK(world.news == News{"version 6", "all [\"b\"]", "all [\"c\"]", "version 31"});
  CHECK(world.version_asked(2) == "20");
}

TEST_CASE("a server that is lost for minutes is waited for, and not for ever") {
  World world;
  for (int i = 0; i < 20; ++i) world.server.fail(test::KubernetesWorld::broken());
  world.server.answer(200, {}, event("MODIFIED", 10));
  world.run(1, "5");
  CHECK(world.news == News{"version 10"});
  World other;
  for (int i = 0; i < 200; ++i) other.server.fail(test::KubernetesWorld::broken());
  CHECK_THROWS_AS(other.run(1, "5"), base::Error);
  CHECK(other.server.left() > 20);
}

TEST_CASE("garbage and missing rights end a watcher") {
  World world;
  world.server.answer(200, {}, "<html>\n");
  try {
    world.run(1, "5");
    FAIL("no error");
  } catch (const base::Error& error) {
    CHECK(std::string(error.what()) ==
          "cannot read an event of the watch of images (kpack.io): it is not JSON at byte 1");
  }
  world.refuse(403, "Forbidden");
  CHECK_THROWS_AS(world.run(1, "5"), base::Error);
}
