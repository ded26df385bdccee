#include "image/decision.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include "base/error.hpp"
#include "builds/reason.hpp"

using namespace image;
using builds::names_of;
using Catch::Matchers::ContainsSubstring;

namespace {

const auto tag = registry::Reference::parse("r.example.com/app:main", "test");
const std::string old_base = base::Sha256::of("old").text();
const std::string new_base = base::Sha256::of("new").text();

registry::Image image_of(json::Value labels, const std::vector<std::string>& layers) {
  registry::Image image{{"", "", base::Sha256::of("image"), {}},
                        {"", {"", base::Sha256::of("config"), 0, {}, std::nullopt, ""}, {}, {}, std::nullopt, ""},
                        {{"os", "linux"}, {"architecture", "amd64"}, {"config", {{"Labels", std::move(labels)}}}}};
  image.config["rootfs"] = {{"type", "layers"}, {"diff_ids", json::Value::array()}};
  for (const auto& layer : layers) {
    const auto digest = base::Sha256::of(layer);
    image.config["rootfs"]["diff_ids"].push_back(digest.text());
    image.manifest.layers.push_back({std::string(registry::media_type::oci_layer), digest, 1, {}, std::nullopt, ""});
  }
  return image;
}

lifecycle::RunImage run_image(const std::string& digest, const std::string& repository = "run") {
  return {registry::Reference::parse("r.example.com/" + repository + "@" + digest, "test"),
          image_of(json::Value::object(), {"base"}),
          {"linux", "amd64", "", {}},
          {"r.example.com/" + repository, {}}};
}

// An image that stands, made of nothing but its base and one layer; each test changes one thing.
struct World {
  World() {
    wanted.target = "r.example.com/app:main";
    wanted.inputs.files = "sha256:files";
    wanted.inputs.origin.commit = "a";
    wanted.builder = {{{"acme_java", {"1.0"}}}, "1.0"};
    const json::Value labels = {{"io.buildpacks.build.metadata", R"({"launcher":{"version":"1.0"}})"},
                                {"io.buildpacks.project.metadata", lifecycle::to_label(wanted.inputs)}};
    lifecycle::PreviousImage previous{tag, image_of(labels, {"base", "app"}), {}, {}};
    previous.metadata.buildpacks = {{"acme/java", "1.0", {}, {}}};
    previous.metadata.run_image.reference = "r.example.com/run@" + old_base;
    previous.metadata.run_image.top_layer = base::Sha256::of("base").text();
    previous.metadata.run_image.name.image = "r.example.com/run";
    standing.previous.image = std::move(previous);
  }

  [[nodiscard]] Decision decide(const std::string& base = old_base, const std::string& repository = "run") const {
    return image::decide(wanted, standing, run_image(base, repository));
  }

  Wanted wanted;
  Standing standing;
};

}  // namespace

TEST_CASE("nothing differs: nothing is done") {
  const auto decision = World().decide();
  CHECK(decision.action == Action::unchanged);
  CHECK(decision.changes.empty());
}

TEST_CASE("each difference is a reason to build") {
  struct Case {
    const char* reasons;
    std::function<void(World&)> change;
  };
  const std::vector<Case> cases = {
      {"TRIGGER", [](World& world) { world.wanted.force = true; }},
      {"TRIGGER", [](World& world) { world.wanted.clear_cache = true; }},
      {"COMMIT", [](World& world) { world.wanted.inputs.files = "sha256:other"; }},
      {"CONFIG", [](World& world) { world.wanted.inputs.settings["process"] = "web"; }},
      {"COMMIT,CONFIG",
       [](World& world) {
         world.wanted.inputs.files = "sha256:other";
         world.wanted.inputs.settings["env"] = "A";
       }},
      {"BUILDPACK", [](World& world) { world.wanted.builder.buildpacks["acme_java"] = {"1.1"}; }},
      {"BUILDPACK", [](World& world) { world.wanted.builder.launcher_version = "2.0"; }},
      {"CONFIG", [](World& world) { world.standing.previous = {}; }},
      {"CONFIG", [](World& world) { world.standing.previous.image->in_index = true; }},
      {"TRIGGER", [](World& world) { world.standing.lost_layers = true; }},
  };
  for (const auto& one : cases) {
    World world;
    one.change(world);
    const auto decision = world.decide();
    CHECK(decision.action == Action::build);
    CHECK(names_of(decision.changes) == one.reasons);
    CHECK(decision.no_rebase.empty());
  }
}

TEST_CASE("the run image alone is a rebase, together with anything else a build") {
  World world;
  CHECK(world.decide(new_base).action == Action::rebase);
  CHECK(names_of(world.decide(new_base).changes) == "STACK");
  world.wanted.clear_cache = true;
  CHECK(world.decide(new_base).action == Action::build);
  CHECK(names_of(world.decide(new_base).changes) == "TRIGGER,STACK");
}

TEST_CASE("where a rebase cannot be or is not wanted there is a build, which says why") {
  World world;
  CHECK_THAT(world.decide(new_base, "other").no_rebase, ContainsSubstring("was built on r.example.com/run"));
  CHECK(world.decide(new_base, "other").action == Action::build);
  world.wanted.rebase = Rebase::never;
  CHECK(world.decide(new_base).action == Action::build);
  CHECK(world.decide(new_base).no_rebase.empty());
  world.wanted.rebase = Rebase::automatic;
  world.standing.previous.image->metadata.run_image.top_layer = base::Sha256::of("unknown").text();
  CHECK_FALSE(world.decide(new_base).no_rebase.empty());
  world.standing.lost_layers = true;
  CHECK(names_of(world.decide(new_base).changes) == "TRIGGER,STACK");
}

TEST_CASE("the first build is one where nothing stands, and not where something is of no use") {
  World world;
  world.standing.previous = {};
  CHECK(world.decide().changes.front().now == "the first build of r.example.com/app:main");
  world.standing.previous.unusable = "cannot read its configuration";
  const auto change = world.decide().changes.front();
  CHECK_THAT(change.before, ContainsSubstring("cannot read its configuration"));
  CHECK(change.now.find("first build") == std::string::npos);
}

TEST_CASE("a rebase alone never builds: it rebases, does nothing, or says why not") {
  World world;
  const auto decide = [&](const std::optional<lifecycle::RunImage>& base, bool force = false) {
    return decide_rebase("r.example.com/app:main", force, world.standing, base);
  };
  CHECK(decide(run_image(old_base)).action == Action::unchanged);
  CHECK(decide(run_image(new_base)).action == Action::rebase);
  CHECK_THROWS_WITH(decide(run_image(new_base, "other")), ContainsSubstring("params.force"));
  CHECK(decide(run_image(new_base, "other"), true).action == Action::rebase);
  world.standing.lost_layers = true;
  CHECK_THROWS_WITH(decide(run_image(new_base)), ContainsSubstring("build it anew"));
  world.standing = {};
  CHECK_THROWS_WITH(decide(std::nullopt), ContainsSubstring("no image that buildpacks built"));
}
