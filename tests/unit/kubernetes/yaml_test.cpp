#include "kubernetes/yaml.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/error.hpp"

namespace {

json::Value parsed(std::string_view text) { return kubernetes::parse_yaml(text, "source.kubeconfig"); }

std::string refusal(std::string_view text) {
  try {
    (void)parsed(text);
  } catch (const base::Error& error) {
    CHECK(error.kind() == base::ErrorKind::usage);
    return error.report().cause;
  }
  return "accepted";
}

}  // namespace

TEST_CASE("maps, lists and scalars become JSON, and all scalars but null, true and false text") {
  CHECK(parsed("a: {b: [x, 1.10, true, null, ~, \"true\"]}\nc: |\n  two\n  lines\n") ==
        json::Value({{"a", {{"b", {"x", "1.10", true, nullptr, nullptr, "true"}}}}, {"c", "two\nlines\n"}}));
  CHECK(parsed("{\"a\": \"JSON is YAML\"}") == json::Value({{"a", "JSON is YAML"}}));
  CHECK(parsed("true: 1") == json::Value({{"true", "1"}}));
}

TEST_CASE("an alias stands for what its anchor named") {
  CHECK(parsed("a: &x {b: 1}\nc: *x\n") == json::Value({{"a", {{"b", "1"}}}, {"c", {{"b", "1"}}}}));
}

TEST_CASE("what is not YAML is told by its place alone, for it may hold credentials") {
  const auto text = refusal("users: a: geheim\n");
  CHECK(text == "it is not YAML at line 1, column 9");
  CHECK(text.find("geheim") == std::string::npos);
}

TEST_CASE("bounds hold for size, depth and what aliases expand to") {
  CHECK(refusal(std::string((1U << 20U) + 1, ' ')) == "it is larger than 1 MiB");
  CHECK(refusal(std::string(40, '[') + std::string(40, ']')) == "line 1, column 33: it is nested deeper than 32");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto before = std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j > 0 ? ", *a" : "*a") + before;
    laughs += "]\n";
  }
  CHECK(refusal(laughs).find("it has more than 50000 values") != std::string::npos);
}

TEST_CASE("keys stand once, are text, and are not merged") {
  CHECK(refusal("a: 1\na: 2\n") == "line 2, column 1: the key \"a\" stands twice");
  CHECK(refusal("? [a]\n: b\n").find("a key is not text") != std::string::npos);
  CHECK(refusal("<<: {a: 1}\n").find("merge keys") != std::string::npos);
  CHECK(refusal("a: 1\n---\nb: 2\n") == "it holds several documents");
  CHECK(refusal("") == "it is empty");
}
