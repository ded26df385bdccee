#include "json/value.hpp"

#include <catch2/catch_test_macros.hpp>
#include <chrono>

#include "base/error.hpp"

namespace {
std::string error_of(std::string_view text) {
  try {
    static_cast<void>(json::parse(text, "the manifest"));
  } catch (const base::Error& error) {
    return error.what();
  }
  return "no error";
}
}  // namespace

TEST_CASE("text that is not JSON is refused with line and column") {
  CHECK(error_of("") == "cannot read the manifest: it is empty");
  CHECK(error_of("{\n \"a\": x}") == "cannot read the manifest: it is not JSON at line 2, column 7");
  CHECK(error_of("{\"a\": 1e400}") == "cannot read the manifest: it has a number beyond all bounds");
}

TEST_CASE("a repeated key is refused, since two readers would see two values") {
  CHECK(error_of(R"({"a":1,"a":2})") == "cannot read the manifest: the key \"a\" stands twice in one object");
  CHECK(error_of(R"({"a":{"b":1},"c":{"b":2}})") == "no error");
}

TEST_CASE("deep nesting is refused before it is built") {
  CHECK(error_of(std::string(100'000, '[')) == "cannot read the manifest: it is nested deeper than 64");
}

TEST_CASE("a long array of objects is read in time that grows with it and not with its square") {
  std::string text = "[";
  for (int i = 0; i < 500'000; ++i) text += "{},";
  const auto began = std::chrono::steady_clock::now();
  CHECK(json::parse(text + "{}]", "the manifest").size() == 500'001);
  // A second or two with sanitizers; by the square it is many minutes.
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(60));
}

TEST_CASE("bytes that are not UTF-8 are written as replacement characters") {
  CHECK(json::dump({{"a", "\xFF"}}) == "{\"a\":\"\xEF\xBF\xBD\"}");
}
