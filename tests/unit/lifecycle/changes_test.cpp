#include "lifecycle/changes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/file.hpp"

using namespace lifecycle;
using builds::Change;
using builds::Reason;

namespace {

BuildInputs inputs(const std::string& commit, const std::string& files,
                   std::map<std::string, std::string> settings = {}) {
  return {{commit, "", "", "", "", ""}, files, std::move(settings)};
}

registry::Image image_with_labels(const json::Value& labels) {
  return {{"", "", base::Sha256::of("manifest"), {}},
          {"", {"", base::Sha256::of("config"), 0, {}, std::nullopt, ""}, {}, {}, std::nullopt, ""},
          {{"config", {{"Labels", labels}}}}};
}

PreviousImage previous_image(const std::string& run_image, const json::Value& labels = json::Value::object()) {
  PreviousImage previous{
      registry::Reference::parse("r.example.com/app:main", "test"), image_with_labels(labels), {}, {}};
  previous.metadata.run_image.reference = run_image;
  return previous;
}

RunImage run_image(const std::string& reference) {
  return {registry::Reference::parse(reference, "test"), image_with_labels(json::Value::object()), {}, {}};
}

const std::string one = base::Sha256::of("1").text();
const std::string two = base::Sha256::of("2").text();

}  // namespace

TEST_CASE("what an image was built from comes back from its label") {
  const BuildInputs before{
      {std::string(40, 'a'), "https://git.example.com/app.git", "https://git.example.com/c/a", "", "", ""},
      one,
      {{"env", "BP_X (values 12)"}, {"process", "web"}}};
  const auto after = parse_build_inputs(to_label(before));
  CHECK(after.origin.commit == before.origin.commit);
  CHECK(after.origin.repository == before.origin.repository);
  CHECK(after.origin.page == before.origin.page);
  CHECK(after.files == one);
  CHECK(after.settings == before.settings);
  CHECK(compare(after, before).empty());
}

TEST_CASE("a label of another platform, or no label's text at all, says nothing of the files") {
  CHECK(parse_build_inputs(R"({"source":{"version":{"commit":"c"}}})").origin.commit == "c");
  CHECK(parse_build_inputs("[1]").files.empty());
  CHECK(parse_build_inputs("not JSON").files.empty());
  const auto changes = compare(parse_build_inputs("{}"), inputs("c", one));
  REQUIRE(changes.size() == 1);
  CHECK(changes.front().reason == Reason::config);
}

TEST_CASE("a commit that changes no file is not a reason, and changed files are one without a commit") {
  CHECK(compare(inputs("a", one), inputs("b", one)).empty());
  CHECK(compare(inputs("a", one), inputs("b", two)) == std::vector{Change{Reason::commit, "a", "b"}});
  CHECK(compare(inputs("a", one), inputs("a", two)) ==
        std::vector{Change{Reason::commit, "files " + one, "files " + two}});
}

TEST_CASE("settings that come, go and change are reasons, each with its name") {
  const auto changes = compare(inputs("a", one, {{"env", "A (values 1)"}, {"process", "web"}}),
                               inputs("a", one, {{"env", "A (values 2)"}, {"labels", "x=y"}}));
  CHECK(changes == std::vector{Change{Reason::config, "env: A (values 1)", "env: A (values 2)"},
                               Change{Reason::config, "", "labels: x=y"}, Change{Reason::config, "process: web", ""}});
}

TEST_CASE("a variable's value appears nowhere, and yet a change of it is seen") {
  ExaminedSource source;
  source.environment = {{"BP_TOKEN", "a very secret word"}};
  const auto before = build_inputs(source, {});
  source.environment["BP_TOKEN"] = "another secret word";
  const auto now = build_inputs(source, {});
  CHECK(to_label(before).find("secret") == std::string::npos);
  CHECK(to_label(before).find("BP_TOKEN") != std::string::npos);
  const auto changes = compare(before, now);
  REQUIRE(changes.size() == 1);
  CHECK((changes.front().before + changes.front().now).find("secret") == std::string::npos);
}

TEST_CASE("two environments whose texts run together differ") {
  ExaminedSource source;
  source.environment = {{"A", "1B=1=2"}};
  const auto joined = build_inputs(source, {});
  source.environment = {{"A", "1"}, {"B", "2"}};
  CHECK(build_inputs(source, {}).settings != joined.settings);
}

TEST_CASE("a run image counts by its digest alone, so that a mirror is not a reason") {
  const auto previous = previous_image("r.example.com/run@" + one);
  CHECK(compare_run_image(previous, run_image("mirror.example.com/base/run@" + one)).empty());
  const auto changes = compare_run_image(previous, run_image("r.example.com/run@" + two));
  CHECK(changes == std::vector{Change{Reason::stack, "r.example.com/run@" + one, "r.example.com/run@" + two}});
}

TEST_CASE("a buildpack that the builder lost, and another launcher, are reasons") {
  BuilderContents builder{{{"acme_java", {"2.0"}}}, "1.0"};
  auto previous = previous_image("", {{"io.buildpacks.build.metadata", R"({"launcher":{"version":"1.0"}})"}});
  previous.metadata.buildpacks = {{"acme/java", "2.0", {}, {}}};
  CHECK(compare_buildpacks(previous, builder).empty());
  previous.metadata.buildpacks = {{"acme/java", "1.0", {}, {}}, {"acme/gone", "3", {}, {}}};
  builder.launcher_version = "1.1";
  CHECK(compare_buildpacks(previous, builder) ==
        std::vector{Change{Reason::buildpack, "acme/java@1.0", "acme/java@2.0"},
                    Change{Reason::buildpack, "acme/gone@3", ""},
                    Change{Reason::buildpack, "launcher: 1.0", "launcher: 1.1"}});
}

TEST_CASE("what a builder holds is read from its folders") {
  const base::TemporaryDirectory directory("changes-test");
  Platform platform;
  platform.cnb = directory.path();
  platform.launcher_version = "1.0";
  CHECK(read_builder_contents(platform).buildpacks.empty());
  for (const auto* version : {"2.0", "1.0"}) {
    std::filesystem::create_directories(directory.path() / "buildpacks/acme_java" / version);
  }
  const auto contents = read_builder_contents(platform);
  CHECK(contents.buildpacks.at("acme_java") == std::vector<std::string>{"1.0", "2.0"});
  CHECK(contents.launcher_version == "1.0");
}

TEST_CASE("bindings that come, go and change are reasons, and none of their values is shown") {
  const auto with = [](std::vector<Binding> bindings) {
    BuildSettings settings;
    settings.bindings = std::move(bindings);
    return build_inputs(ExaminedSource(), settings);
  };
  const auto before = with({{"maven", {{"type", "maven"}, {"settings.xml", "a very secret word"}}}});
  CHECK(to_label(before).find("secret") == std::string::npos);
  CHECK(before.settings.at("bindings").starts_with("maven (values "));
  CHECK(with({{"maven", {{"type", "maven"}, {"settings.xml", "another"}}}}).settings != before.settings);
  CHECK(with({}).settings != before.settings);
  CHECK(build_inputs(ExaminedSource(), {}).settings.contains("bindings") == false);
}
