#include "fleet/put.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"
#include "base/termination.hpp"
#include "builds/store.hpp"
#include "fleet/operation.hpp"
#include "http/client.hpp"
#include "support/failure.hpp"
#include "unit/fleet/fleet_world.hpp"

using namespace fleet;
using test::at;
using test::FleetWorld;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

json::Value with(const json::Value& more) {
  json::Value params = {{"run_image", "r.example.com/run:2"}};
  params.update(more);
  return params;
}

base::Error broken(base::ErrorKind kind, const std::string& cause, int status = 0) {
  return base::Error(kind, {"push", "something", cause, ""}).answered(status);
}

}  // namespace

TEST_CASE("every image that is behind is brought to the base, and the record says so") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.add_app("b:main");
  const auto answer = world.put();
  CHECK(answer.version.at("run_image") == "r.example.com/run@" + world.digest("run:2"));
  CHECK(world.state("a:main") == "rebased");
  const auto image = world.image("a:main");
  CHECK(image.before == "r.example.com/a@" + before.text());
  CHECK(image.image == "r.example.com/a@" + world.digest("a:main"));
  CHECK(image.run_image == answer.version.at("run_image"));
  const auto rebased = *world.registry.find_image(at("a:main"), {"linux", "amd64", ""});
  const auto base = *world.registry.find_image(at("run:2"), {"linux", "amd64", ""});
  CHECK(rebased.manifest.layers.at(1).digest == base.manifest.layers.at(1).digest);
  const auto record = world.record();
  CHECK(record.number == 1);
  CHECK(record.started_by == "main/patch/rebase #7 by olga");
  CHECK(record.packages == "openssl 3.0.11-1 -> 3.0.15-1");
  REQUIRE(record.bases.size() == 1);
  CHECK(record.bases[0].images == 2);
  CHECK(record.latency);
}

TEST_CASE("a second put does only what is left, and a third is of the base's own word") {
  FleetWorld world;
  world.add_app("a:main");
  world.add_app("b:main");
  world.put(with({{"limit", 1U}}));
  CHECK(world.state("a:main") == "rebased");
  CHECK(world.state("b:main") == "left-out: beyond params.limit");
  world.put();
  CHECK(world.state("a:main") == "current");
  CHECK(world.state("b:main") == "rebased");
  world.put();
  CHECK(world.record().changed() == 0);
  CHECK(world.record().number == 3);
  CHECK(world.operations("put_manifest r.example.com/a").empty());
}

TEST_CASE("each rebase leaves a build record that names the fleet's put and the patch") {
  FleetWorld world;
  world.add_app("a:main");
  world.put();
  CHECK(world.image("a:main").build == 1);
  const auto digest = *registry::Digest::parse(world.digest("a:main"));
  const auto stored = builds::find_record(world.registry, at("a").repository, digest);
  REQUIRE(stored);
  CHECK(stored->record.kind == "rebase");
  CHECK(stored->record.engine == "fleet");
  CHECK(stored->record.fleet == "r.example.com/fleet:main put #1");
  REQUIRE(stored->record.changes.size() == 1);
  CHECK(builds::name_of(stored->record.changes[0].reason) == "STACK");
  CHECK(holds(stored->record.changes[0].now, "(openssl 3.0.11-1 -> 3.0.15-1)"));
}

TEST_CASE("nothing of the applications is read or sent") {
  FleetWorld world;
  world.add_app("a:main");
  const auto image = *world.registry.find_image(at("a:main"), {"linux", "amd64", ""});
  const auto layer = image.manifest.layers.back().digest.text();
  world.put();
  for (const auto& line : world.operations("")) CHECK_FALSE(holds(line, layer));
}

TEST_CASE("images are left with their reasons") {
  FleetWorld world;
  world.source["fleet"]["images"] = {
      "r.example.com/other:main", "r.example.com/plain:main",    "r.example.com/held:main",   "r.example.com/no:main",
      "r.example.com/gone:main",  "r.example.com/artifact:main", "r.example.com/frozen:main", "r.example.com/arm:main"};
  world.add_app("other:main", {"run:1", "r.example.com/other-run:base", "amd64", {}, true});
  // Its reference names the base that it was built on.
  test::AppOptions plain;
  plain.by_buildpacks = false;
  world.add_app("plain:main", plain);
  test::AppOptions held;
  held.labels = {{"io.build-service.fleet.pin", "audit until June"}};
  world.add_app("held:main", held);
  test::AppOptions fixed;
  fixed.labels = {{"io.buildpacks.rebasable", "false"}};
  world.add_app("no:main", fixed);
  world.add_app("frozen:main");
  world.registry.add_image(at("artifact:main"), {{"a", 1}}, {"layer"});
  world.add_base("run:arm", "1", "arm64");
  test::AppOptions arm;
  arm.base = "run:arm";
  arm.platform = "arm64";
  world.add_app("arm:main", arm);
  const json::Value pins = json::Value::array({{{"image", "frozen"}, {"reason", "a release is under way"}}});
  world.put(with({{"pin", pins}}));
  CHECK(world.state("plain:main") == "not-rebasable: it was not built by buildpacks");
  CHECK(world.state("held:main") == "pinned: audit until June");
  CHECK(world.state("no:main") == "not-rebasable: the image says that it is not rebasable");
  CHECK(world.state("gone:main") == "unreadable: there is no such image");
  CHECK(world.state("frozen:main") == "pinned: a release is under way");
  CHECK(world.state("arm:main") == "no-base: there is no base for linux/arm64");
  CHECK(holds(world.state("artifact:main"), "unreadable: "));
  CHECK(world.image("no:main").needs.at(0).what == "run image");
}

TEST_CASE("an image on another base is left") {
  FleetWorld world;
  world.add_base("elsewhere:1", "1");
  test::AppOptions options;
  options.base = "elsewhere:1";
  options.base_name = "r.example.com/elsewhere:1";
  world.add_app("a:main", options);
  world.put();
  CHECK(holds(world.state("a:main"), "another-base: it stands on r.example.com/elsewhere@sha256:"));
}

TEST_CASE("an index is rebased child by child, and what was said of a replaced child is left out") {
  FleetWorld world;
  const auto amd = world.add_base("run:1", "1");
  const auto arm = world.add_base("run:1", "1", "arm64", "run:1-arm");
  world.add_index("run:1", {{amd, "amd64"}, {arm, "arm64"}});
  const auto new_amd = world.add_base("run:2", "2");
  const auto new_arm = world.add_base("run:2", "2", "arm64", "run:2-arm");
  world.add_index("run:2", {{new_amd, "amd64"}, {new_arm, "arm64"}});
  const auto one = world.add_app("a:one");
  test::AppOptions options;
  options.platform = "arm64";
  const auto two = world.add_app("a:two", options);
  world.add_index("a:main", {{one, "amd64"}, {two, "arm64"}});
  world.put();
  CHECK(world.state("a:main") == "rebased");
  const auto index = *world.registry.find_manifest(at("a:main"));
  REQUIRE(index.is_index());
  for (const auto* platform : {"amd64", "arm64"}) {
    const auto image = *world.registry.find_image(at("a:main"), {"linux", platform, ""});
    const auto base = *world.registry.find_image(at("run:2"), {"linux", platform, ""});
    CHECK(image.manifest.layers.at(1).digest == base.manifest.layers.at(1).digest);
    CHECK(image.platform().architecture == platform);
  }
  CHECK(world.record().bases.size() == 2);
}

TEST_CASE("an index that has a platform without a base is left whole") {
  FleetWorld world;
  world.add_base("run:arm", "1", "arm64");
  const auto one = world.add_app("a:one");
  test::AppOptions options;
  options.base = "run:arm";
  options.platform = "arm64";
  const auto two = world.add_app("a:two", options);
  const auto before = world.add_index("a:main", {{one, "amd64"}, {two, "arm64"}});
  world.put();
  CHECK(world.state("a:main") == "no-base: index: there is no base for linux/arm64");
  CHECK(world.digest("a:main") == before.text());
}

TEST_CASE("a tag that its pipeline moves in between is left alone") {
  FleetWorld world;
  world.add_app("a:main");
  world.add_app("b:main");
  std::string pushed;
  world.registry.before_each = [&](const std::string& line) {
    // Right before the tag is looked at for the last time.
    if (line == "resolve r.example.com/a main" && pushed.empty()) {
      pushed = "under way";
      pushed = world.add_app("a:main", {}, "newer code").text();
    }
  };
  world.put();
  CHECK(world.state("a:main") == "moved: its tag was moved meanwhile, to " + pushed);
  CHECK(world.digest("a:main") == pushed);
  CHECK(world.state("b:main") == "rebased");
}

TEST_CASE("one failure stops no other, and a second put mends it") {
  FleetWorld world;
  world.add_app("a:main");
  world.add_app("b:main");
  bool is_broken = true;
  world.registry.before_each = [&](const std::string& line) {
    if (is_broken && line.starts_with("put_manifest r.example.com/a sha256:")) {
      throw broken(base::ErrorKind::transient, "HTTP status 500", 500);
    }
  };
  world.put();
  CHECK(world.state("a:main") == "failed: HTTP status 500");
  CHECK(world.state("b:main") == "rebased");
  CHECK(holds(world.text.str(), "2 images: 1 rebased, 1 failed"));
  is_broken = false;
  world.put();
  CHECK(world.state("a:main") == "rebased");
}

TEST_CASE("what the registry refuses is told from what fails") {
  FleetWorld world;
  world.add_app("a:main");
  world.registry.before_each = [&](const std::string& line) {
    if (line.starts_with("put_manifest r.example.com/a main")) {
      throw broken(base::ErrorKind::protocol, "HTTP status 409 Conflict: the tag is immutable", 409);
    }
    if (line.starts_with("find_manifest r.example.com/b main"))
      throw broken(base::ErrorKind::denied, "HTTP status 403", 403);
  };
  world.put();
  CHECK(world.state("a:main") == "refused: HTTP status 409 Conflict: the tag is immutable");
  CHECK(world.state("b:main") == "refused: HTTP status 403");
}

TEST_CASE("a record that cannot be written is known before anything is moved") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.registry.before_each = [&](const std::string& line) {
    if (line.starts_with("require_write_access")) throw broken(base::ErrorKind::denied, "HTTP status 405", 405);
  };
  CHECK(holds(test::failure([&] { world.put(); }), "HTTP status 405: nothing was moved"));
  CHECK(world.digest("a:main") == before.text());
}

TEST_CASE("another fleet's record is not overwritten") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.registry.add_image(at("fleet:main"), {{"os", "linux"}}, {"layer"});
  CHECK(holds(test::failure([&] { world.put(); }), "not the record of a fleet"));
  CHECK(world.digest("a:main") == before.text());
}

TEST_CASE("after so many failures the rest stays untouched") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/gone:1", "r.example.com/gone:2", "r.example.com/a:main"};
  const auto before = world.add_app("a:main");
  world.put(with({{"max_failures", 2U}}));
  CHECK(world.state("a:main") == "untouched: the put was stopped after 2 failures");
  CHECK(world.digest("a:main") == before.text());
}

TEST_CASE("a dry run says what would happen, and moves nothing") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.add_app("b:main");
  world.put(with({{"dry_run", true}, {"rate", 100U}}));
  CHECK(world.state("a:main") == "planned");
  CHECK(world.digest("a:main") == before.text());
  CHECK(holds(world.text.str(), "to be moved: 2 images, 16 writes, 9.6 s at 100 writes a minute"));
  CHECK(world.operations("put_manifest r.example.com/a").empty());
  CHECK_FALSE(find_fleet(world.registry, at("fleet:main")));
  CHECK(world.record().operation == "dry run");
}

TEST_CASE("a rate spreads the writes of an image over time") {
  FleetWorld world;
  world.add_app("a:main");
  const auto before = world.clock.steady_now();
  world.put(with({{"rate", 60U}}));
  CHECK(world.record().changed() == 1);
  CHECK(world.clock.steady_now() - before >= std::chrono::seconds(6));
}

TEST_CASE("only and exclude choose, and what is left out is still named by its digest") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.add_app("b:main");
  world.put(with({{"only", {"b", "c"}}}));
  CHECK(world.state("a:main") == "left-out: params.only does not name it");
  CHECK(world.image("a:main").image == "r.example.com/a@" + before.text());
  CHECK(world.state("b:main") == "rebased");
}

TEST_CASE("a staging tag moves in the place of the image's own") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  world.put(with({{"tag", "staging"}}));
  CHECK(world.digest("a:main") == before.text());
  CHECK(world.image("a:staging").image == "r.example.com/a@" + world.digest("a:staging"));
  world.put(with({{"tag", "staging"}}));
  CHECK(world.state("a:main") == "current: staged already");
}

TEST_CASE("two images that a staging tag would have to name are an error before anything is moved") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/a:next"};
  world.add_app("a:main");
  world.add_app("a:next", {}, "other code");
  CHECK(holds(test::failure([&] {
                world.put(with({{"tag", "staging"}}));
              }),
              "would both become r.example.com/a:staging"));
  CHECK(world.operations("put_manifest r.example.com/a").empty());
}

TEST_CASE("an image under two tags is rebased once, and both tags move") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/a:next", "r.example.com/a:v1"};
  world.add_app("a:main");
  world.add_app("a:next", {}, "other code");
  world.registry.put_manifest(at("a:v1"), *world.registry.find_manifest(at("a:main")));
  world.put();
  CHECK(world.record().changed() == 3);
  CHECK(world.digest("a:v1") == world.digest("a:main"));
  CHECK(world.digest("a:next") != world.digest("a:main"));
  CHECK(world.operations("put_new_blob r.example.com/a").size() == 2);
}

TEST_CASE("tags of a repository are found by a pattern") {
  FleetWorld world;
  world.source["fleet"]["images"] = json::Value::array();
  world.source["fleet"]["repositories"] =
      json::Value::array({{{"repository", "r.example.com/many"}, {"tags", "^v"}, {"exclude", {"-rc", "^x"}}}});
  for (const auto* tag : {"many:v1", "many:v2", "many:v3-rc", "many:main", "many:cache-v1"})
    world.add_app(tag, {}, tag);
  world.put();
  CHECK(world.record().images.size() == 2);
  CHECK(world.state("many:v2") == "rebased");
}

TEST_CASE("a rollback moves every image back that nobody has moved since") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/b:main", "r.example.com/c:main"};
  const auto a = world.add_app("a:main");
  world.add_app("b:main");
  world.add_app("c:main");
  world.put(with({{"only", {"nothing", "at all"}}}));
  world.get("before");
  const auto first = world.last.version.at("fleet");
  world.put();
  const auto newer = world.add_app("b:main", {}, "newer");
  world.put({{"rollback", "before"}});
  CHECK(world.state("a:main") == "rolled-back");
  CHECK(world.digest("a:main") == a.text());
  CHECK(world.image("a:main").image == "r.example.com/a@" + a.text());
  CHECK(world.state("b:main") == "moved: its tag was moved since the last put");
  CHECK(world.digest("b:main") == newer.text());
  const auto record = world.record();
  CHECK(record.operation == "rollback");
  CHECK(record.rolled_back_to == first);
  CHECK(record.number == 3);
  const auto stored = builds::find_record(world.registry, at("a").repository, a);
  REQUIRE(stored);
  CHECK(stored->record.kind == "rollback");
  // And forward again.
  world.put();
  CHECK(world.state("a:main") == "rebased");
}

TEST_CASE("a rollback moves back what the last put may have moved though it failed") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/b:main"};
  const auto a = world.add_app("a:main");
  world.add_app("b:main");
  world.put(with({{"only", {"nothing", "at all"}}}));
  world.get("before");
  world.registry.before_each = [](const std::string& line) {
    if (line.starts_with("put_manifest r.example.com/a main")) throw broken(base::ErrorKind::transient, "cut", 0);
  };
  world.put();
  world.registry.before_each = nullptr;
  CHECK(world.state("a:main") == "failed: cut");
  CHECK(world.image("b:main").attempted.empty());
  // The registry had moved the tag before the connection broke.
  const auto tried = registry::Reference::parse(world.image("a:main").attempted, "test");
  world.registry.put_manifest(at("a:main"), world.registry.find_manifest(tried).value());
  world.put({{"rollback", "before"}});
  CHECK(world.state("a:main") == "rolled-back");
  CHECK(world.digest("a:main") == a.text());
}

TEST_CASE("a rollback needs a get of this fleet") {
  FleetWorld world;
  world.add_app("a:main");
  std::filesystem::create_directories(world.inputs.path() / "empty");
  CHECK(holds(test::failure([&] { world.put({{"rollback", "empty"}}); }), "the directory has no file fleet"));
  CHECK(holds(test::failure([&] { world.put({{"rollback", "missing"}}); }), "there is no such directory"));
}

TEST_CASE("two puts at once leave two records, one after the other") {
  FleetWorld world;
  world.add_app("a:main");
  world.put();
  const auto first = world.last.version.at("fleet");
  bool is_first = true;
  world.registry.before_each = [&](const std::string& line) {
    if (!line.starts_with("resolve r.example.com/b") && !line.starts_with("find_manifest r.example.com/b")) return;
    if (!std::exchange(is_first, false)) return;
    auto other = world.record();
    follow(other, world.record(), first);
    static_cast<void>(write_fleet(world.registry, at("fleet:main"), other, RecordTag::moved));
  };
  world.put();
  CHECK(world.record().number == 3);
  CHECK(holds(world.text.str(), "another put of the fleet, #2, ended meanwhile"));
}

TEST_CASE("a builder's newer buildpacks are said of every image, also of those that were rebased") {
  FleetWorld world;
  test::AppOptions options;
  options.labels = {{"io.buildpacks.build.metadata", R"({"buildpacks":[{"id":"acme/jre","version":"1.0"}]})"}};
  world.add_app("a:main", options);
  world.registry.add_image(
      at("builder:1"),
      {{"os", "linux"},
       {"architecture", registry::host_platform().architecture},
       {"config",
        {{"Labels", {{"io.buildpacks.builder.metadata", R"({"buildpacks":[{"id":"acme/jre","version":"2.0"}]})"}}}}},
       {"rootfs", {{"type", "layers"}, {"diff_ids", json::Value::array({base::Sha256::of("layer").text()})}}}},
      {"layer"});
  world.put(with({{"builder", "r.example.com/builder:1"}}));
  CHECK(world.state("a:main") == "rebased");
  REQUIRE(world.image("a:main").needs.size() == 1);
  CHECK(world.image("a:main").needs[0].now == "2.0");
  CHECK(holds(test::failure([&] {
                world.put(with({{"builder", "r.example.com/run:1"}}));
              }),
              "the image does not say which buildpacks it has"));
}

TEST_CASE("a put fails on what it was asked to fail on, once its record is written") {
  FleetWorld world;
  world.add_app("a:main");
  CHECK(holds(test::failure([&] {
                world.put(with({{"fail_on", {"needs-build", "failed"}}}));
              }),
              "1 image failed (params.fail_on: failed)"));
  CHECK(find_fleet(world.registry, at("fleet:main")));
}

TEST_CASE("a base without a list of packages is patched all the same") {
  FleetWorld world;
  world.registry.add_image(
      at("run:3"),
      {{"os", "linux"},
       {"architecture", "amd64"},
       {"config", {{"Labels", {{"io.buildpacks.base.distro.name", "debian"}}}}},
       {"rootfs", {{"type", "layers"}, {"diff_ids", {base::Sha256::of("x").text(), base::Sha256::of("y").text()}}}}},
      {"x", "y"});
  world.add_app("a:main");
  world.put({{"run_image", "r.example.com/run:3"}});
  CHECK(world.state("a:main") == "rebased");
  CHECK_FALSE(world.record().bases.at(0).packages.unknown.empty());
  CHECK(holds(world.text.str(), "which packages the patch changes is not known: "));
}

TEST_CASE("a fleet on two registries gets the base once on each") {
  FleetWorld world;
  world.source["fleet"]["images"] = json::Value::array();
  for (int i = 0; i < 5; ++i) {
    const auto name = fmt::format("app{}:main", i);
    world.add_app(name);
    // The same image on the other registry.
    const auto image = *world.registry.find_image(at(name), {"linux", "amd64", ""});
    const auto other = registry::Reference::parse("other.example.com/" + name, "test");
    std::vector<std::string> layers;
    for (const auto& layer : image.manifest.layers)
      layers.push_back(world.registry.blob(at(name).repository, layer, 1U << 20U));
    world.registry.add_image(other, image.config, layers);
    world.source["fleet"]["images"].push_back(other.text());
  }
  world.put();
  CHECK(world.record().changed() == 5);
  const auto base = *world.registry.find_image(at("run:2"), {"linux", "amd64", ""});
  const auto layer = base.manifest.layers.at(1).digest.text();
  std::size_t sent = 0;
  for (const auto& line : world.operations("put_")) sent += holds(line, layer) ? 1U : 0U;
  CHECK(sent == 1);
}

TEST_CASE("the table's end is what needs a person, and the last line is a sentence") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/gone:main", "r.example.com/b:main"};
  world.add_app("a:main");
  world.add_app("b:main");
  world.put();
  const auto text = world.text.str();
  const auto table = text.substr(text.find("IMAGE"));
  CHECK(table.find("r.example.com/b:main") < table.find("r.example.com/gone:main"));
  CHECK(holds(text, "[1/2] ") == true);
  CHECK(holds(table, "3 images: 2 rebased, 1 unreadable, in "));
}

TEST_CASE("a repository whose tags cannot be listed is one verdict, and stops no other") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main"};
  world.source["fleet"]["repositories"] = json::Value::array({{{"repository", "r.example.com/broken"}},
                                                              {{"repository", "r.example.com/held"}},
                                                              {{"repository", "r.example.com/many"}}});
  world.add_app("a:main");
  world.add_app("many:v1");
  world.registry.before_each = [&](const std::string& line) {
    if (line.starts_with("tags r.example.com/broken")) throw broken(base::ErrorKind::transient, "HTTP status 502", 502);
    if (line.starts_with("tags r.example.com/held")) throw broken(base::ErrorKind::denied, "HTTP status 403", 403);
  };
  world.put();
  CHECK(world.state("a:main") == "rebased");
  CHECK(world.state("many:v1") == "rebased");
  CHECK(world.state("broken") == "failed: its tags cannot be listed: HTTP status 502");
  CHECK(world.state("held") == "refused: its tags cannot be listed: HTTP status 403");
  // A way back passes it over.
  world.get("first");
  world.put({{"rollback", "first"}});
  CHECK(world.record().images.size() == 2);
}

TEST_CASE("a registry that nobody answers at is tried for one image, and the others are told why") {
  FleetWorld world;
  world.source["fleet"]["images"] = {"r.example.com/a:main", "r.example.com/b:main"};
  for (int i = 0; i < 200; ++i)
    world.source["fleet"]["images"].push_back(fmt::format("away.example.com/app{}:main", i));
  world.add_app("a:main");
  world.add_app("b:main");
  std::atomic<std::size_t> tried = 0;
  world.registry.before_each = [&](const std::string& line) {
    if (line.find("away.example.com") == std::string::npos) return;
    ++tried;
    throw http::Unreachable({"reach", "registry away.example.com", "the connection was refused", ""});
  };
  world.put();
  CHECK(world.record().changed() == 2);
  CHECK(world.record().count(State::failed) == 200);
  CHECK(tried <= lanes);
  CHECK(holds(world.text.str(), "registry away.example.com could not be reached: the connection was refused"));
}

TEST_CASE("a put that is told to end writes down what it did and what it did not") {
  FleetWorld world;
  json::Value images = json::Value::array();
  for (int i = 0; i < 100; ++i) {
    const auto name = fmt::format("app{:02}:main", i);
    world.add_app(name);
    images.push_back("r.example.com/" + name);
  }
  world.source["fleet"]["images"] = images;
  // By the first that moves its tag, whichever it is: most have not begun then.
  std::atomic<bool> was_told = false;
  world.registry.before_each = [&](const std::string& line) {
    const bool moves = line.starts_with("put_manifest r.example.com/app") && line.ends_with(" main");
    if (moves && !was_told.exchange(true)) base::request_termination_for_test();
  };
  CHECK_THROWS_AS(world.put(), base::Aborted);
  base::forget_termination_for_test();
  const auto standing = find_fleet(world.registry, at("fleet:main"));
  REQUIRE(standing);
  CHECK(standing->record.count(State::rebased) >= 1);
  CHECK(standing->record.count(State::untouched) >= 1);
  CHECK(standing->record.count(State::rebased) + standing->record.count(State::untouched) == 100);
  CHECK(holds(world.text.str(), "told to end: "));
  CHECK(holds(world.text.str(), "untouched, since the put was stopped"));
  world.put();
  CHECK(world.record().count(State::rebased) == standing->record.count(State::untouched));
}

TEST_CASE("a put that is told to end before it moves anything says so, and writes nothing") {
  FleetWorld world;
  world.add_app("a:main");
  world.registry.before_each = [](const std::string& line) {
    if (!line.starts_with("find_manifest r.example.com/a main")) return;
    base::request_termination_for_test();
    base::throw_if_terminated();
  };
  CHECK_THROWS_AS(world.put(), base::Aborted);
  base::forget_termination_for_test();
  CHECK(holds(world.text.str(), "told to end before any image was moved: nothing is changed"));
  CHECK_FALSE(find_fleet(world.registry, at("fleet:main")));
}

TEST_CASE("of images that are as they were a few are shown and the others counted, and nothing to move is said so") {
  FleetWorld world;
  world.source["fleet"]["images"] = json::Value::array();
  for (const auto* name : {"a:main", "b:main", "c:main", "d:main", "e:main"}) {
    world.add_app(name);
    world.source["fleet"]["images"].push_back(fmt::format("r.example.com/{}", name));
  }
  world.put();
  CHECK_FALSE(holds(world.text.str(), "... and"));
  world.text.str("");
  world.put();
  CHECK(holds(world.text.str(), "to be moved: nothing"));
  CHECK(holds(world.text.str(), "... and 2 more current already"));
  CHECK_FALSE(holds(world.text.str(), "r.example.com/d:main"));
}

TEST_CASE("an image that would be too large on the new base needs a build, and is left") {
  FleetWorld world;
  const auto before = world.add_app("a:main");
  std::vector<std::string> layers;
  json::Value diff_ids = json::Value::array();
  for (int i = 0; i < 127; ++i) {
    layers.push_back(fmt::format("layer {}", i));
    diff_ids.push_back(base::Sha256::of(layers.back()).text());
  }
  world.registry.add_image(at("run:3"),
                           {{"os", "linux"},
                            {"architecture", "amd64"},
                            {"config", {{"Labels", {{"io.buildpacks.base.distro.name", "debian"}}}}},
                            {"rootfs", {{"type", "layers"}, {"diff_ids", diff_ids}}}},
                           layers);
  world.put({{"run_image", "r.example.com/run:3"}});
  CHECK(holds(world.state("a:main"), "not-rebasable: it would have 128 layers"));
  CHECK(world.digest("a:main") == before.text());
}

TEST_CASE("the patch latency counts from the base's push where the registry tells it, and says so") {
  FleetWorld world;
  world.add_app("a:main");
  world.registry.pushed = world.clock.now() - std::chrono::minutes(5);
  world.put();
  REQUIRE(world.record().latency);
  CHECK(world.record().latency->since == "push");
  CHECK(world.record().latency->p50 >= 300);
  CHECK(holds(world.text.str(),
              "patch latency: p50 5 min 00 s, p95 5 min 00 s, from the base's push to the image's tag"));
}
