#include "kpack/reasons.hpp"

#include <catch2/catch_test_macros.hpp>

#include "world.hpp"

using builds::Change;
using builds::Reason;
using json::Value;

namespace {

std::vector<Change> changes(const Value& annotation, const std::string& reasons = "") {
  auto value = test::build({}).value;
  value["metadata"]["annotations"] = {
      {"image.kpack.io/reason", reasons},
      {"image.kpack.io/buildChanges", annotation.is_string() ? annotation.get<std::string>() : annotation.dump()}};
  return kpack::changes_of(kpack::Build(value));
}

}  // namespace

TEST_CASE("each reason is told with its old and its new value") {
  CHECK(changes({{{"reason", "COMMIT"}, {"old", "aaaa"}, {"new", "bbbb"}},
                 {{"reason", "BUILDPACK"}, {"old", {{{"id", "acme/java"}, {"version", "1.0.0"}}}}, {"new", nullptr}},
                 {{"reason", "STACK"}, {"old", "sha256:1"}, {"new", "sha256:2"}}}) ==
        std::vector<Change>{{Reason::commit, "aaaa", "bbbb"},
                            {Reason::buildpack, "acme/java@1.0.0", ""},
                            {Reason::stack, "sha256:1", "sha256:2"}});
}

TEST_CASE("of two configurations what differs is told, and of variables the names alone") {
  const Value before = {{"env", {{{"name", "A"}, {"value", "geheim"}}, {{"name", "B"}, {"value", "1"}}}},
                        {"resources", Value::object()},
                        {"source", {{"git", {{"url", "https://git.example/app"}, {"revision", "aaaa"}}}}}};
  const Value after = {
      {"env", {{{"name", "A"}, {"value", "anders"}}, {{"name", "C"}, {"value", "1"}}}},
      {"resources", {{"limits", {{"memory", "1G"}}}}},
      {"source", {{"git", {{"url", "https://git.example/app"}, {"revision", "aaaa"}}}, {"subPath", "web"}}}};
  CHECK(changes({{{"reason", "CONFIG"}, {"old", before}, {"new", after}}}) ==
        std::vector<Change>{{Reason::config, "env: A", "env: A (another value)"},
                            {Reason::config, "env: B", ""},
                            {Reason::config, "", "env: C"},
                            {Reason::config, "", "resources.limits.memory: 1G"},
                            {Reason::config, "", "source.subPath: web"}});
}

TEST_CASE("an annotation that cannot be read leaves the names") {
  CHECK(changes("{", "COMMIT,STACK") == std::vector<Change>{{Reason::commit, "", ""}, {Reason::stack, "", ""}});
  CHECK(changes("[1,{},{\"reason\":\"MOON\"}]", "CONFIG") == std::vector<Change>{{Reason::config, "", ""}});
  CHECK(changes(std::string(100, '[')).empty());
}

TEST_CASE("a configuration that was changed all over is cut") {
  Value before = Value::object();
  Value after = Value::object();
  for (int i = 0; i < 100; ++i) after["m" + std::to_string(100 + i)] = i + 1;
  const auto told = changes({{{"reason", "CONFIG"}, {"old", before}, {"new", after}}});
  CHECK(told.size() == 20);
  CHECK(told.back().now == "and more");
}
