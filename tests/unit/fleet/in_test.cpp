#include "fleet/in.hpp"

#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "fleet/kind.hpp"
#include "fleet/report.hpp"
#include "fleet/store.hpp"
#include "support/in_memory_registry.hpp"
#include "support/manual_clock.hpp"
#include "unit/fleet/fleet_examples.hpp"

using namespace fleet;

namespace {

struct World {
  explicit World(const FleetRecord& put = test::fleet_record())
      : digest(write_fleet(registry, record, put, RecordTag::moved)) {}

  concourse::VersionAndMetadata get(const std::string& run_image = test::fleet_record().run_image) {
    return fetch(record, {digest, run_image}, params, directory.path(), registry, log);
  }
  [[nodiscard]] std::string text(const std::string& name) const { return base::read_file(directory.path() / name); }
  [[nodiscard]] json::Value read(const std::string& name) const { return json::parse(text(name), name); }
  [[nodiscard]] bool has(const std::string& name) const { return std::filesystem::exists(directory.path() / name); }

  test::ManualClock clock;
  std::ostringstream said;
  base::Log log{said, base::Colour::off, clock};
  base::TemporaryDirectory directory{"fleet"};
  registry::Reference record = registry::Reference::parse(test::fleet_record().record, "test");
  InParams params;
  test::InMemoryRegistry registry;
  registry::Digest digest;
};

std::vector<std::string> names(const json::Value& images) {
  std::vector<std::string> result;
  for (const auto& image : images) result.push_back(image["name"]);
  return result;
}

}  // namespace

TEST_CASE("a get writes the fleet's images, what changed, and what needs a build") {
  World world;
  world.params.deploy = {DeployForm::kustomize};
  const auto answer = world.get();
  CHECK(answer.version == write_version(world.digest, test::fleet_record().run_image));
  CHECK(world.said.str().starts_with("put #"));
  CHECK(world.said.str().find(sentence_of(test::fleet_record())) != std::string::npos);
  CHECK(world.text("fleet") == world.digest.text());
  CHECK(world.read("images.json").size() == 5);
  const auto changed = world.read("changed.json");
  CHECK(names(changed) == std::vector<std::string>{"r.example.com/acme/moved:main", "r.example.com/acme/old-jre:main"});
  CHECK(changed[0]["image"] == test::image_of("r.example.com/acme/moved", "moved after"));
  CHECK(changed[0]["before"] == test::image_of("r.example.com/acme/moved", "moved before"));
  CHECK(world.text("changed.tsv")
            .starts_with("r.example.com/acme/moved:main\t" +
                         test::image_of("r.example.com/acme/moved", "moved before") + "\t" +
                         test::image_of("r.example.com/acme/moved", "moved after") + "\n"));
  const auto needs = world.read("needs-build.json");
  CHECK(names(needs) == std::vector<std::string>{"r.example.com/acme/old-jre:main"});
  CHECK(needs[0]["needs_build"][0] ==
        json::Value{{"what", "paketo-buildpacks/jre"}, {"old", "1.2.0"}, {"new", "1.3.0"}});
  // And nothing but what is told of (README.md, --help).
  const auto told = kind().files;
  for (const auto& file : told) CHECK(world.has(std::string(file.name)));
  const std::filesystem::directory_iterator written(world.directory.path());
  CHECK(static_cast<std::size_t>(std::distance(begin(written), end(written))) == told.size());
}

TEST_CASE("a kustomization of a fleet has what moved, but for a repository that moved to two digests") {
  auto record = test::fleet_record();
  record.images.push_back(record.images.front());
  record.images.back().tag = "next";
  record.images.back().image = test::image_of(record.images.front().repository, "another");
  for (auto* image : {&record.images.front(), &record.images.back()}) image->state = State::rebased;
  World world(record);
  world.params.deploy = {DeployForm::kustomize};
  static_cast<void>(world.get());
  const auto text = world.text("deploy/kustomization.yaml");
  CHECK(text.find("r.example.com/acme/old-jre") != std::string::npos);
  CHECK(text.find(record.images.front().repository + "\"") == std::string::npos);
  CHECK(text.find("acme/current") == std::string::npos);
}

TEST_CASE("a fleet that needs no build has no file that says so") {
  auto record = test::fleet_record();
  record.images.pop_back();
  World world(record);
  static_cast<void>(world.get());
  CHECK_FALSE(world.has("needs-build.json"));
  CHECK(world.has("report.html"));
}

TEST_CASE("the same version gives the same files") {
  World world;
  static_cast<void>(world.get());
  std::map<std::string, std::string> first;
  for (const auto& entry : std::filesystem::directory_iterator(world.directory.path())) {
    first[entry.path().filename()] = base::read_file(entry.path());
  }
  static_cast<void>(world.get());
  for (const auto& [name, content] : first) CHECK(world.text(name) == content);
  CHECK(first.size() == 9);
}

TEST_CASE("a version with another run image than its record is refused") {
  World world;
  CHECK_THROWS_AS(world.get("r.example.com/run@sha256:0"), base::Error);
}

TEST_CASE("metadata tell counts, packages, duration and who started it") {
  const auto metadata = metadata_of(test::fleet_record());
  const std::map<std::string, std::string> facts(metadata.begin(), metadata.end());
  CHECK(facts.at("put") == "#1");
  CHECK(facts.at("rebased") == "2");
  CHECK(facts.at("failed") == "1");
  CHECK(facts.at("packages") == "openssl 3.0.11-1 -> 3.0.15-1");
  CHECK(facts.at("duration") == "12.5 s");
  CHECK(facts.at("patch latency") == "p50 4.5 s, p95 11.0 s, from the start of the put to the image's tag");
  CHECK(facts.at("started by") == "main/patch/rebase #7");
  CHECK(facts.at("build") == "https://ci.example.com/builds/7");
  CHECK_FALSE(facts.contains("not rebasable"));
}

TEST_CASE("what needs a person stands first in the report, and no text of an image is markup") {
  const auto text = report_markdown(test::fleet_record());
  CHECK(text.find("For a person to look at (2)") < text.find("The patch for linux/amd64"));
  CHECK(text.find("HTTP status 500 \\| \\<b\\>oops\\</b\\>") != std::string::npos);
  CHECK(text.find("- openssl 3.0.11-1 -\\> 3.0.15-1\n- added tzdata 2025b\n- removed wget 1.21\n") !=
        std::string::npos);
  const auto html = report_html(test::fleet_record());
  CHECK(html.find("HTTP status 500 | &lt;b&gt;oops&lt;/b&gt;") != std::string::npos);
  CHECK(html.find("<b>oops") == std::string::npos);
  CHECK(html.find("needs a build: paketo-buildpacks/jre 1.2.0 -&gt; 1.3.0; needs a build: launcher 0.1 is no longer in "
                  "the builder") != std::string::npos);
  CHECK(html.find("<a rel=\"noreferrer\" href=\"https://ci.example.com/builds/7\">") != std::string::npos);
}

TEST_CASE("only a web address becomes a link") {
  auto record = test::fleet_record();
  record.build_url = "javascript:alert(1)";
  CHECK(report_html(record).find("href") == std::string::npos);
}
