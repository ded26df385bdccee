#include "pipeline/document.hpp"

#include <catch2/catch_test_macros.hpp>
#include <fmt/format.h>

#include "pipeline/vars.hpp"
#include "support/failure.hpp"

using pipeline::Document;
using pipeline::Path;

namespace {

json::Value value(const std::string& text) { return Document::parse(text, "p.yml").value(); }

}  // namespace

TEST_CASE("plain scalars have the types that Concourse gives them, quoted ones are text") {
  CHECK(value("{a: 1, b: 3.7, c: true, d: yes, e: off, f: null, g: ~, h: '1', i: 1.2.3, j: \"true\", k: inf}") ==
        json::Value{{"a", 1},
                    {"b", 3.7},
                    {"c", true},
                    {"d", true},
                    {"e", false},
                    {"f", nullptr},
                    {"g", nullptr},
                    {"h", "1"},
                    {"i", "1.2.3"},
                    {"j", "true"},
                    {"k", "inf"}});
}

TEST_CASE("anchors and merge keys are resolved, and what a mapping says itself wins") {
  CHECK(value("base: &base {a: 1, b: 2}\nx:\n  b: 3\n  <<: *base\ny:\n  <<: [{c: 4, a: 5}, *base]\n") ==
        json::parse(R"({"base": {"a": 1, "b": 2}, "x": {"a": 1, "b": 3}, "y": {"a": 5, "b": 2, "c": 4}})", "expected"));
}

TEST_CASE("a value knows its line, also one that came by an anchor") {
  const auto document = Document::parse("a: &x\n  b: 1\nlist:\n- c: 2\n  d:\n    e: 3\n- <<: *x\n", "p.yml");
  CHECK(document.line({"a", "b"}) == 2);
  CHECK(document.line({"list", "0", "d", "e"}) == 6);
  CHECK(document.line({"list", "1"}) == 7);
  CHECK(document.line({"list", "1", "b"}) == 2);
  CHECK(document.line({"list", "0", "d", "nothing", "here"}) == 5);
  CHECK(document.line({"elsewhere"}) == 1);
}

TEST_CASE("what is not a document of Concourse is an error with its line") {
  const auto error = [](const std::string& text) { return test::failure([&] { value(text); }); };
  CHECK(error("a: 1\nb: [\n") == "cannot read p.yml: line 3, column 1: it is not YAML");
  CHECK(error("a: 1\na: 2\n") == "cannot read p.yml: line 2: the key \"a\" stands twice");
  CHECK(error("? [a]\n: 1\n") == "cannot read p.yml: line 1: a key is not text");
  CHECK(error("") == "cannot read p.yml: it is empty");
  CHECK(error("a: 1\n---\nb: 2\n") == "cannot read p.yml: it holds several documents; give one");
  CHECK(error("a:\n  <<: 3\n") ==
        "cannot read p.yml: line 2: the merge key (<<) takes a mapping or a list of mappings");
}

TEST_CASE("what anchors expand to is bounded") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 8; ++level) {
    text += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", level,
                        level - 1);
  }
  CHECK(test::failure([&] { value(text); }).find("it has more than 500000 values") != std::string::npos);
}

TEST_CASE("vars are put where their parentheses stand") {
  json::Value text = {{"whole", "((port))"},
                      {"part", "r.example/((team.name)):((tag))"},
                      {"list", {"((unknown))"}},
                      {"of a source", "((vault:a/b.c))"},
                      {"quoted", "((\"a.b\".c))"}};
  const json::Value vars = {{"port", 80}, {"team", {{"name", "acme"}}}, {"tag", 3}, {"a.b", {{"c", "d"}}}};
  const auto left = pipeline::put_vars(text, vars);
  CHECK(text == json::Value{{"whole", 80},
                            {"part", "r.example/acme:3"},
                            {"list", {"((unknown))"}},
                            {"of a source", "((vault:a/b.c))"},
                            {"quoted", "d"}});
  CHECK(left == std::set<Path>{{"list", "0"}, {"of a source"}});
}
