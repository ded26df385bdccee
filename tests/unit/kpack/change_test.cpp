#include "kpack/change.hpp"

#include <catch2/catch_test_macros.hpp>
#include <sstream>

#include "base/error.hpp"
#include "support/manual_clock.hpp"
#include "world.hpp"

using json::Value;
using kpack::Difference;
using kpack::ImageChange;
using kpack::Source;

namespace {

Value image_value() {
  return {{"metadata", {{"name", "app"}, {"namespace", "apps"}, {"resourceVersion", "7"}}},
          {"spec",
           {{"tag", "registry.example/app"},
            {"builder", {{"kind", "ClusterBuilder"}, {"name", "base"}}},
            {"serviceAccountName", "default"},
            {"cosign", {{"annotations", {}}}},
            {"source", {{"git", {{"url", "https://git.example/app"}, {"revision", "aaaa"}}}, {"subPath", "web"}}},
            {"build",
             {{"env", {{{"name", "A"}, {"value", "1"}}, {{"name", "B"}, {"valueFrom", {{"secretKeyRef", 1}}}}}},
              {"resources", 1}}}}}};
}

kpack::Patch patch(const ImageChange& change, const Value& value = image_value()) {
  return kpack::patch_for(kpack::Image(value), change);
}

ImageChange source(Source::Kind kind, const std::string& place, const std::string& revision = "") {
  ImageChange change;
  change.source = Source{kind, place, revision, ""};
  return change;
}

}  // namespace

TEST_CASE("a commit changes the revision alone") {
  const auto made = patch(source(Source::Kind::git, "", "bbbb"));
  CHECK(made.spec == Value({{"source", {{"git", {{"revision", "bbbb"}}}}}}));
  CHECK(made.differences == std::vector<Difference>{{"source.git.revision", "aaaa", "bbbb"}});
  CHECK(patch(source(Source::Kind::git, "", "aaaa")).empty());
  CHECK(kpack::merge_patch(kpack::Image(image_value()).resource_version, made) ==
        Value({{"metadata", {{"resourceVersion", "7"}}}, {"spec", made.spec}}));
}

TEST_CASE("another kind of source nulls the one that was there") {
  const auto made = patch(source(Source::Kind::registry, "r.example/app-source@sha256:1"));
  CHECK(made.spec ==
        Value({{"source", {{"git", nullptr}, {"registry", {{"image", "r.example/app-source@sha256:1"}}}}}}));
  CHECK(made.differences == std::vector<Difference>{{"source.git", "https://git.example/app", ""},
                                                    {"source.registry.image", "", "r.example/app-source@sha256:1"}});
  CHECK(patch(source(Source::Kind::blob, "https://b.example/a.zip")).spec["source"]["git"].is_null());
}

TEST_CASE("a revision needs a repository that it is of") {
  auto value = image_value();
  value["spec"]["source"] = {{"blob", {{"url", "https://b.example/a.zip"}}}};
  CHECK_THROWS_AS(patch(source(Source::Kind::git, "", "bbbb"), value), base::Error);
  CHECK(patch(source(Source::Kind::git, "https://git.example/app", "bbbb"), value).spec ==
        Value({{"source", {{"blob", nullptr}, {"git", {{"url", "https://git.example/app"}, {"revision", "bbbb"}}}}}}));
}

TEST_CASE("variables are merged by name, others keep their place and their form, and null removes") {
  ImageChange change;
  change.env = {{"A", "2"}, {"C", "3"}, {"D", std::nullopt}};
  auto made = patch(change);
  CHECK(made.spec["build"]["env"] == Value({{{"name", "A"}, {"value", "2"}},
                                            {{"name", "B"}, {"valueFrom", {{"secretKeyRef", 1}}}},
                                            {{"name", "C"}, {"value", "3"}}}));
  CHECK(made.spec.size() == 1);
  for (const auto& difference : made.differences)
    CHECK((difference.before + difference.after).find('2') == std::string::npos);
  change.env = {{"A", "1"}, {"D", std::nullopt}};
  CHECK(patch(change).empty());
  change.env = {{"A", std::nullopt}, {"B", std::nullopt}};
  made = patch(change);
  CHECK(made.spec["build"]["env"] == Value::array());
  CHECK(made.differences[0] == Difference{"build.env", "A (its value is not shown)", ""});
}

TEST_CASE("a builder is changed as a whole, and its namespace goes with it") {
  ImageChange change;
  change.builder = kpack::BuilderReference{"ClusterBuilder", "base", ""};
  CHECK(patch(change).empty());
  change.builder = kpack::BuilderReference{"Builder", "own", ""};
  CHECK(patch(change).spec == Value({{"builder", {{"kind", "Builder"}, {"name", "own"}, {"namespace", "apps"}}}}));
  auto value = image_value();
  value["spec"]["builder"] = {{"kind", "Builder"}, {"name", "own"}, {"namespace", "apps"}};
  CHECK(patch(change, value).empty());
  change.builder = kpack::BuilderReference{"ClusterBuilder", "full", ""};
  CHECK(patch(change, value).spec ==
        Value({{"builder", {{"kind", "ClusterBuilder"}, {"name", "full"}, {"namespace", nullptr}}}}));
}

TEST_CASE("the other fields are set where they differ") {
  ImageChange change;
  change.sub_path = "web";
  change.service_account = "default";
  CHECK(patch(change).empty());
  change.sub_path = "";
  change.service_account = "builder";
  change.additional_tags = {"registry.example/app:main"};
  change.cache = Value({{"volume", {{"size", "2G"}}}});
  CHECK(patch(change).spec == Value({{"source", {{"subPath", nullptr}}},
                                     {"serviceAccountName", "builder"},
                                     {"additionalTags", {"registry.example/app:main"}},
                                     {"cache", {{"volume", {{"size", "2G"}}}}}}));
  auto value = image_value();
  value["spec"]["cache"] = {{"volume", {{"size", "2G"}}}};
  change = {};
  change.cache = Value({{"registry", {{"tag", "registry.example/cache"}}}});
  CHECK(patch(change, value).spec ==
        Value({{"cache", {{"volume", nullptr}, {"registry", {{"tag", "registry.example/cache"}}}}}}));
}

TEST_CASE("a new Image is the same fields as a whole object") {
  auto change = source(Source::Kind::git, "https://git.example/app", "bbbb");
  change.builder = kpack::BuilderReference{"ClusterBuilder", "base", ""};
  change.env = {{"A", "1"}};
  CHECK(kpack::new_image("apps", "app", "registry.example/app", change) ==
        Value({{"apiVersion", "kpack.io/v1alpha2"},
               {"kind", "Image"},
               {"metadata", {{"name", "app"}, {"namespace", "apps"}}},
               {"spec",
                {{"tag", "registry.example/app"},
                 {"builder", {{"kind", "ClusterBuilder"}, {"name", "base"}}},
                 {"source", {{"git", {{"url", "https://git.example/app"}, {"revision", "bbbb"}}}}},
                 {"build", {{"env", {{{"name", "A"}, {"value", "1"}}}}}}}}}));
}

TEST_CASE("differences are printed with what was and what will be") {
  test::ManualClock clock;
  std::ostringstream text;
  base::Log log(text, base::Colour::off, clock);
  kpack::print({{"builder.name", "base", "full"}, {"build.env", "", "A"}, {"build.env", "B", ""}}, log);
  CHECK(text.str() == "  builder.name\n  - base\n  + full\n  build.env\n  + A\n  - B\n");
}
